"""The hub's own rules for its schemas: the envelope, optional payload fields, views as parts, the matrix."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import avro.errors
import avro.schema
import fastavro

from schemas.avsc import bare, expanded, without_docs
from schemas.payload import CHANGES, ENVELOPE, present
from schemas.problem import Problem

_TIME = {"type": "long", "logicalType": "timestamp-millis"}
#: The envelope's types; the named one is `vn.dancu.Change`. Two fields may be absent.
_ENVELOPE_TYPES: Mapping[str, Any] = {
    "occurred_at": _TIME,
    "registered_at": _TIME,
    "fact_version": "int",
    "previous_event_id": ["null", "string"],
    "bulk_id": ["null", "string"],
}
#: What a field's `dancu` object may say; `PayloadField` tells what it means.
_METADATA: Mapping[str, type] = {
    "required": bool,
    "past": bool,
    "number": bool,
    "min": int,
    "max": int,
    "max_length": int,
    "pattern": str,
}


def shape_problems(schema: Mapping[str, Any], path: str) -> list[Problem]:
    """Return what is wrong with a resolved record by itself: it must be Avro, and have the hub's shape."""
    try:
        avro.schema.parse(json.dumps(schema))
        fastavro.parse_schema(bare(schema))
        spelt = expanded(schema, {})  # KeyError for a type that contains itself
    except (
        avro.errors.AvroException,
        fastavro.schema.SchemaParseException,
        ValueError,
        TypeError,
        KeyError,
    ) as error:
        return [Problem("unparsable", path, f"not an Avro schema: {error}")]
    return [*_envelope_problems(schema, path), *_payload_problems(schema, path), *_metadata_problems(spelt, path)]


def _envelope_problems(schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    names = tuple(field["name"] for field in schema["fields"][: len(ENVELOPE)])
    if names != ENVELOPE:
        yield Problem("envelope", path, f"must begin with the fields {', '.join(ENVELOPE)}")
        return
    for field in schema["fields"][: len(ENVELOPE)]:
        wanted = _ENVELOPE_TYPES.get(field["name"], "string")
        found = field["type"]
        if field["name"] == "change":
            found, wanted = _name_of(found), "vn.dancu.Change"
        if found != wanted:
            yield Problem("envelope", f"{path}#{field['name']}", f"must have the type {json.dumps(wanted)}")


def _name_of(avro_type: Any) -> str:
    if isinstance(avro_type, dict):
        return f"{avro_type.get('namespace')}.{avro_type.get('name')}"
    return str(avro_type)


def _payload_problems(schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    for field in schema["fields"][len(ENVELOPE) :]:
        place, avro_type = f"{path}#{field['name']}", field["type"]
        optional = isinstance(avro_type, list) and len(avro_type) == 2 and avro_type[0] == "null"
        if not optional or field.get("default", "") is not None:
            yield Problem("payload_not_optional", place, 'must be ["null", …] with default null')


def _metadata_problems(record: Mapping[str, Any], path: str, inside: str = "") -> Iterator[Problem]:
    """Check the `dancu` objects of an expanded record, and of the records in it."""
    metadata = record.get("dancu", {})
    if not isinstance(metadata, dict) or not isinstance(metadata.get("withdrawn", []), list):
        yield Problem("metadata", path, "a record's dancu must be an object with `withdrawn`, a list of field names")
    for field in record["fields"]:
        place = f"{inside}{field['name']}"
        if not _is_metadata(field.get("dancu", {})):
            kinds = ", ".join(f"{key} ({kind.__name__})" for key, kind in _METADATA.items())
            yield Problem("metadata", f"{path}#{place}", f"dancu must be an object of {kinds}")
        value = present(field["type"])
        if isinstance(value, dict) and "fields" in value:
            yield from _metadata_problems(value, path, f"{place}.")


def _is_metadata(metadata: Any) -> bool:
    if not isinstance(metadata, dict) or not all(type(value) is _METADATA.get(key) for key, value in metadata.items()):
        return False
    try:
        re.compile(metadata.get("pattern", ""))
    except re.error:
        return False
    return True


def view_problems(view: Mapping[str, Any], event: Mapping[str, Any] | None, path: str) -> Iterator[Problem]:
    """Yield what a view says that its event doesn't."""
    if event is None:
        yield Problem("view_type_unknown", path, f"there is no event type {view['name']}")
        return
    has = {field["name"]: field["type"] for field in expanded(event, {})["fields"]}
    for field in expanded(view, {})["fields"]:
        place = f"{path}#{field['name']}"
        if field["name"] not in has:
            yield Problem("view_field_unknown", place, f"{event['name']} has no field `{field['name']}`")
        elif without_docs(field["type"]) != without_docs(has[field["name"]]):
            yield Problem("view_field_type", place, f"has another type than in {event['name']}")


def matrix_problems(matrix: Any, events: Mapping[str, Mapping[str, Any]]) -> Iterator[Problem]:
    """Yield what is wrong with the matrix of allowed changes."""
    if not isinstance(matrix, dict):
        yield Problem("matrix", "matrix.json", "must be an object: type to {changes, vital_key}")
        return
    for name in events.keys() - matrix.keys():
        yield Problem("matrix_type_missing", f"matrix.json#{name}", "the event type has no row")
    for name, row in matrix.items():
        if name not in events:
            yield Problem("matrix_type_unknown", f"matrix.json#{name}", f"there is no event type {name}")
        else:
            yield from _row_problems(row, events[name], f"matrix.json#{name}")


def _row_problems(row: Any, event: Mapping[str, Any], path: str) -> Iterator[Problem]:
    if not isinstance(row, dict) or row.keys() != {"changes", "vital_key"}:
        yield Problem("matrix", path, "must have `changes` and `vital_key`")
        return
    changes, key = row["changes"], row["vital_key"]
    if not isinstance(changes, list) or not changes:
        yield Problem("matrix", f"{path}.changes", "must be a list of changes")
    else:
        for change in changes:
            if change not in CHANGES:
                yield Problem("matrix_change_unknown", f"{path}.changes", f"no change is called {change}")
    payload = [field["name"] for field in event["fields"][len(ENVELOPE) :]]
    if key is not None and not (isinstance(key, list) and all(name in payload for name in key)):
        yield Problem("matrix_key_unknown", f"{path}.vital_key", "must be null or a list of payload fields")
