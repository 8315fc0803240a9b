"""hypothesis strategies: payloads made from a JSON Schema, records made from an Avro schema, and folders to break."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from schemas.catalogue import EventType
from schemas.conversion import days, millis
from schemas.payload import PayloadField, present

#: What JSON can say in text: anything but half a surrogate pair.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=60)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=15),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
_DAYS = st.integers(days("0001-01-01"), days("9999-12-31"))
_MILLIS = st.integers(millis("0001-01-01T00:00:00Z"), millis("9999-12-31T23:59:59.999Z"))


def json_values(schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """Return values that a JSON Schema, as the hub writes them, accepts."""
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return st.one_of([_json_of(kind, schema) for kind in kinds])


def _json_of(kind: str, schema: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    match kind:
        case "null":
            return st.none()
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "array":
            return st.lists(json_values(schema["items"]), min_size=1, max_size=4, unique=True)
        case "object":
            parts = {name: json_values(part) for name, part in schema["properties"].items()}
            required = {name: parts.pop(name) for name in schema.get("required", [])}
            return st.fixed_dictionaries(required, optional=parts)
    if schema["pattern"] == r"^[^\x00]*$":
        return TEXT
    return st.from_regex(schema["pattern"].replace("$", r"\Z")).filter(
        lambda text: len(text) <= schema["maxLength"] and text.isascii()
    )


def avro_payloads(kind: EventType) -> st.SearchStrategy[dict[str, Any]]:
    """Return payloads with days and milliseconds, of what the Avro type and its metadata allow."""
    return st.fixed_dictionaries(
        {field.name: _avro_value(field) for field in kind.payload if field.required},
        optional={field.name: st.none() | _avro_value(field) for field in kind.payload if not field.required},
    )


def _avro_value(field: PayloadField) -> st.SearchStrategy[Any]:
    avro = field.type
    if avro == "string":
        if field.number:
            return st.text("0123456789", min_size=12, max_size=12)
        return st.from_regex(field.pattern, fullmatch=True) if field.pattern else TEXT
    if avro == "int":
        return st.integers(field.min, field.max)
    match avro.get("logicalType", avro["type"]):
        case "date":
            return _DAYS
        case "timestamp-millis":
            return _MILLIS
        case "enum":
            return st.sampled_from(avro["symbols"])
        case "array":
            items = _avro_value(PayloadField(field.name, avro["items"], number=field.number))
            return st.lists(items, min_size=1, max_size=4, unique=True)
    required: dict[str, st.SearchStrategy[Any]] = {}
    optional: dict[str, st.SearchStrategy[Any]] = {}
    for part in avro["fields"]:
        inner = PayloadField(part["name"], present(part["type"]), **part.get("dancu", {}))
        (optional if isinstance(part["type"], list) else required)[inner.name] = _avro_value(inner)
    return st.fixed_dictionaries(required, optional=optional)
