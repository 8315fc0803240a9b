"""When two Avro texts are the same schema: a registry may lay out, shorten and reorder what it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import fastavro
import orjson
from fastavro.schema import SchemaParseException, UnknownType

from schemas.avsc import PRIMITIVES, without_docs


def canonical(schema: Any) -> Any:
    """Return the schema with full names, without `doc` texts. Everything else that it promises stays.

    Raises ValueError for what is no Avro schema.
    """
    try:
        return _short(without_docs(fastavro.parse_schema(_plain(schema), _write_hint=False)))
    except (SchemaParseException, UnknownType, LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"no Avro schema: {error}") from error


def canonical_text(text: str) -> Any:
    """Return the same of a text in JSON. Raises ValueError."""
    return canonical(orjson.loads(text))


def _plain(schema: Any) -> Any:
    """fastavro writes into what it is given; the catalogue's schemas are nobody's to change."""
    if isinstance(schema, Mapping):
        return {key: _plain(value) for key, value in schema.items()}
    return [_plain(item) for item in schema] if isinstance(schema, list) else schema


def _short(schema: Any) -> Any:
    """Write `{"type": "string"}` as `"string"`, as most programs do."""
    if isinstance(schema, list):
        return [_short(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if set(schema) == {"type"} and schema["type"] in PRIMITIVES:
        return schema["type"]
    return {
        key: _short(value) if key in ("type", "fields", "items", "values") else value for key, value in schema.items()
    }
