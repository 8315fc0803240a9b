"""The JSON Schema of an event in JSON, made from its Avro schema, so that both say the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from schemas.avsc import FOLDER
from schemas.conversion import DATE, TIMESTAMP
from schemas.payload import CHANGES, PayloadField, present
from schemas.problem import SchemaProblem

#: The most characters of a text, an id and a source.
TEXT, SOURCE = 200, 300
_INT = 2_147_483_647
#: Texts that RFC 3986 allows as a URI reference: unreserved, reserved and percent-encoded characters.
URI_REFERENCE = "^[{0}]*(%[0-9A-Fa-f]{{2}}[{0}]*)*$".format("A-Za-z0-9._~:/?#@!$&'()*+,;=\\[\\]-")
#: In some languages `$` also matches before a last line feed. A null has no pattern, so the type is said.
_ONE_LINE = {"not": {"type": "string", "pattern": "\\n"}}


def json_schema(schema: Mapping[str, Any], payload: Sequence[PayloadField]) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of one event type's CloudEvent in structured mode.

    `schema` is the resolved Avro record, `payload` its payload fields. Days of the month, personal numbers
    against persons, and the matrix of changes are for code to check. Raises `SchemaProblem`.
    """
    data = {field.name: {**_shape(field), "description": doc} for field, doc in _documented(schema, payload)}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:dancu:event:{schema['name']}",
        "title": schema["name"],
        "description": schema.get("doc", ""),
        "type": "object",
        "properties": {
            **_attributes(schema["name"]),
            "data": {"type": ["object", "null"], "properties": data, "additionalProperties": False},
        },
        "required": [
            *("specversion", "id", "type", "source", "subject", "time"),
            *("change", "factid", "factversion", "registeredat"),
        ],
        "additionalProperties": False,
        "allOf": [
            _when(["ANNULLED"], {"properties": {"data": {"maxProperties": 0}}}),
            _when(["CREATED", "CORRECTED"], {"properties": {"data": _demands(payload)}, "required": ["data"]}),
            _when(
                ["CORRECTED", "ANNULLED", "CEASED"],
                {"properties": {"previousid": {"type": "string"}}, "required": ["previousid"]},
            ),
        ],
    }


def text_of(schema: Mapping[str, Any]) -> bytes:
    """Return the schema as it is committed."""
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def file_of(type_name: str, folder: Path = FOLDER) -> Path:
    """Return where a type's JSON Schema is committed."""
    return folder / "json" / f"{type_name}.schema.json"


def _attributes(type_name: str) -> dict[str, Any]:
    """CloudEvents 1.0.2, JSON format: a null attribute is the same as an absent one."""
    moment = {"type": "string", "format": "date-time", "pattern": f"^{TIMESTAMP}$", "maxLength": 35, **_ONE_LINE}
    reference = {
        "type": "string",
        "minLength": 1,
        "maxLength": SOURCE,
        "pattern": URI_REFERENCE,
        **_ONE_LINE,
    }
    return {
        "specversion": {"const": "1.0"},
        "id": _text(TEXT),
        "type": {"const": type_name},
        "source": {**reference, "format": "uri-reference"},
        "subject": _number(),
        "time": {**moment, "description": "When it was true."},
        "datacontenttype": {"enum": ["application/json", None]},
        "dataschema": {"type": ["string", "null"], "maxLength": SOURCE},
        "change": {"enum": list(CHANGES)},
        "factid": _text(TEXT),
        "factversion": {"type": "integer", "minimum": 1, "maximum": _INT},
        "previousid": {**_text(TEXT), "type": ["string", "null"]},
        "registeredat": {**moment, "description": "When the register wrote it."},
        "bulkid": {**_text(TEXT), "type": ["string", "null"]},
    }


def _when(changes: Sequence[str], then: Mapping[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {"change": {"enum": list(changes)}}, "required": ["change"]}, "then": then}


def _demands(payload: Sequence[PayloadField]) -> dict[str, Any]:
    """What CREATED and CORRECTED need: the required fields, or any field where none is required."""
    required = [field for field in payload if field.required]
    if not required:
        said = [{"properties": {field.name: _said(field)}, "required": [field.name]} for field in payload]
        return {"type": "object", "minProperties": 1, "anyOf": said}
    return {
        "type": "object",
        "properties": {field.name: _said(field) for field in required},
        "required": [field.name for field in required],
    }


def _said(field: PayloadField) -> dict[str, Any]:
    kind = _shape(field)["type"]
    return {"type": next(name for name in kind if name != "null")}


def _documented(schema: Mapping[str, Any], payload: Sequence[PayloadField]) -> list[tuple[PayloadField, str]]:
    docs = {field["name"]: field.get("doc", "") for field in schema["fields"]}
    return [(field, docs[field.name]) for field in payload]


def _shape(field: PayloadField) -> dict[str, Any]:
    """Return what a payload field's value may be; null is the same as absent."""
    shape = _value(field)
    if "enum" in shape:
        shape = {**shape, "enum": [*shape["enum"], None]}
    return {**shape, "type": [shape["type"], "null"]}


def _value(field: PayloadField) -> dict[str, Any]:
    avro = field.type
    if avro == "string":
        return _number() if field.number else _text(field.max_length or TEXT, field.pattern)
    if avro == "int":
        low = -_INT - 1 if field.min is None else field.min
        return {"type": "integer", "minimum": low, "maximum": _INT if field.max is None else field.max}
    kind = avro.get("logicalType", avro["type"]) if isinstance(avro, dict) else avro
    match kind:
        case "date":
            return {"type": "string", "format": "date", "pattern": f"^{DATE}$", "maxLength": 10}
        case "timestamp-millis":
            return {"type": "string", "format": "date-time", "pattern": f"^{TIMESTAMP}$", "maxLength": 35, **_ONE_LINE}
        case "enum":
            return {"type": "string", "enum": avro["symbols"]}
        case "array":
            items = _value(PayloadField(field.name, avro["items"], number=field.number, pattern=field.pattern))
            return {"type": "array", "items": items, "minItems": 1, "maxItems": 100, "uniqueItems": True}
        case "record":
            return _object(avro)
    raise SchemaProblem("unsupported_type", field.name, f"no JSON form is agreed for {kind}")


def _object(record: Mapping[str, Any]) -> dict[str, Any]:
    parts, required = {}, []
    for part in record["fields"]:
        field = PayloadField(part["name"], present(part["type"]), **part.get("dancu", {}))
        optional = isinstance(part["type"], list)
        parts[field.name] = _shape(field) if optional else _value(field)
        if not optional:
            required.append(field.name)
    return {"type": "object", "properties": parts, "required": required, "additionalProperties": False}


def _text(longest: int, pattern: str | None = None) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1, "maxLength": longest}
    return {**text, "pattern": pattern, **_ONE_LINE} if pattern else {**text, "pattern": "^[^\\x00]*$"}


def _number() -> dict[str, Any]:
    return {"type": "string", "pattern": "^[0-9]{12}$", "maxLength": 12}
