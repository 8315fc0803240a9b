"""The JSON Schemas say what the Avro schemas say, no less and no more."""

from __future__ import annotations

import io
from functools import cache
from typing import Any

import fastavro
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from schemas.catalogue import EventType, load_catalogue
from schemas.conversion import ImpossibleValue, millis, rfc3339, to_avro, to_json
from schemas.example import example
from schemas.json_schema import file_of, json_schema, text_of
from tests.schemas.strategies import ANY_JSON, avro_payloads, json_values

CATALOGUE = load_catalogue()
TYPES = sorted(CATALOGUE.types)
ENVELOPE = {
    "event_id": "e1",
    "source": "/registers/x",
    "subject": "001190012345",
    "occurred_at": 0,
    "registered_at": 0,
    "change": "CREATED",
    "fact_id": "f1",
    "fact_version": 1,
}


@cache
def schema_of(name: str) -> Any:
    return orjson.loads(file_of(name).read_bytes())


@cache
def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema_of(name))


def accepts(event: dict[str, Any]) -> bool:
    return bool(validator(event["type"]).is_valid(event))


def event_with(name: str, data: Any, change: str = "CREATED") -> dict[str, Any]:
    return {**example(name, CATALOGUE, fixed=True), "change": change, "previousid": "e0", "data": data}


def through_avro(kind: EventType, payload: dict[str, Any]) -> dict[str, Any]:
    record = {**ENVELOPE, "type": kind.name, **payload}
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, kind.parsed, record, strict_allow_default=True)
    buffer.seek(0)
    decoded = fastavro.schemaless_reader(buffer, kind.parsed, None)
    assert isinstance(decoded, dict)
    return decoded


def there_and_back(kind: EventType, data: dict[str, Any]) -> dict[str, Any] | ImpossibleValue:
    try:
        return to_json(through_avro(kind, to_avro(data, kind)), kind)
    except ImpossibleValue as impossible:
        return impossible


def said(data: Any) -> Any:
    """The data without its nulls, which say nothing."""
    if isinstance(data, dict):
        return {name: said(value) for name, value in data.items() if value is not None}
    return data


@pytest.mark.parametrize("name", TYPES)
def test_the_committed_json_schema_is_what_the_avro_says(name: str) -> None:
    kind = CATALOGUE.types[name]
    assert file_of(name).read_bytes() == text_of(json_schema(kind.schema, kind.payload))
    Draft202012Validator.check_schema(schema_of(name))


@pytest.mark.parametrize("name", TYPES)
def test_json_that_is_accepted_survives_avro(name: str) -> None:
    kind = CATALOGUE.types[name]
    schema = schema_of(name)["properties"]["data"]
    required = [field.name for field in kind.payload if field.required] or [kind.payload[0].name]
    there = {field: _not_null(schema["properties"][field]) for field in required}
    data_schema = {**schema, "type": "object", "properties": {**schema["properties"], **there}, "required": required}

    @settings(max_examples=50, deadline=None)
    @given(json_values(data_schema))
    def check(data: dict[str, Any]) -> None:
        assert accepts(event_with(name, data)), list(validator(name).iter_errors(event_with(name, data)))
        back = there_and_back(kind, data)
        if isinstance(back, ImpossibleValue):
            assert "calendar" in back.reason or "years 1 to 9999" in back.reason
            return
        wanted = said(data)
        for field in kind.payload:
            if field.name in wanted and "timestamp" in str(field.type):
                wanted[field.name] = rfc3339(millis(wanted[field.name]))
        assert back == wanted

    check()


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    kinds = [kind for kind in schema["type"] if kind != "null"]
    return {**schema, "type": kinds, **({"enum": [v for v in schema["enum"] if v]} if "enum" in schema else {})}


@pytest.mark.parametrize("name", TYPES)
def test_records_of_the_avro_type_are_accepted_as_json(name: str) -> None:
    kind = CATALOGUE.types[name]

    @settings(max_examples=50, deadline=None)
    @given(avro_payloads(kind).filter(lambda payload: any(value is not None for value in payload.values())))
    def check(payload: dict[str, Any]) -> None:
        record = through_avro(kind, payload)
        data = to_json(record, kind)
        event = orjson.loads(orjson.dumps(event_with(name, data)))
        assert accepts(event), list(validator(name).iter_errors(event))
        assert to_avro(data, kind) == said(payload)

    check()


@pytest.mark.parametrize("name", TYPES)
def test_what_avro_refuses_json_schema_refuses(name: str) -> None:
    kind = CATALOGUE.types[name]
    data = example(name, CATALOGUE, fixed=True)["data"]

    @settings(max_examples=100, deadline=None)
    @given(st.sampled_from([field.name for field in kind.payload]), ANY_JSON)
    def check(field: str, value: Any) -> None:
        changed = {**data, field: value}
        try:
            through_avro(kind, to_avro(changed, kind))
        except (ValueError, TypeError, AttributeError, OverflowError, KeyError):
            assert not accepts(event_with(name, changed))

    check()


@pytest.mark.parametrize("name", TYPES)
def test_unknown_attributes_and_fields_are_refused(name: str) -> None:
    event = example(name, CATALOGUE)
    assert accepts(event)
    assert accepts({**event, "dataschema": "https://example.invalid/schema"})
    assert not accepts({**event, "data": {**event["data"], "colour": "red"}})
    assert not accepts({**event, "colour": "red"})


def test_an_unknown_field_of_an_address_is_refused() -> None:
    event = example("ResidenceChanged", CATALOGUE)
    event["data"]["to_address"] = {**event["data"]["to_address"], "district_code": "001"}
    assert not accepts(event)


@pytest.mark.parametrize("name", TYPES)
def test_a_new_fact_needs_every_required_field(name: str) -> None:
    event = example(name, CATALOGUE)
    for field in CATALOGUE.types[name].payload:
        without = {other: value for other, value in event["data"].items() if other != field.name}
        assert accepts({**event, "data": without}) is not field.required
        assert accepts({**event, "data": {**without, field.name: None}}) is not field.required
    assert not accepts({**event, "data": None})
    assert not accepts({**event, "data": {}})
    assert not accepts({key: value for key, value in event.items() if key != "data"})


def test_a_correction_of_details_needs_at_least_one() -> None:
    event = example("PersonDetailsCorrected", CATALOGUE)
    assert accepts({**event, "data": {"sex": "FEMALE"}})
    assert not accepts({**event, "data": {"sex": None, "name": None}})


@pytest.mark.parametrize("name", TYPES)
def test_an_annulment_carries_no_payload(name: str) -> None:
    annulled = event_with(name, None, "ANNULLED")
    assert accepts(annulled)
    assert accepts({**annulled, "data": {}})
    assert accepts({key: value for key, value in annulled.items() if key != "data"})
    assert not accepts(event_with(name, example(name, CATALOGUE)["data"], "ANNULLED"))


def test_an_end_needs_no_field_but_takes_them() -> None:
    assert accepts(event_with("ResidenceChanged", None, "CEASED"))
    assert accepts(event_with("ResidenceChanged", {"until": "2025-08-31"}, "CEASED"))


@pytest.mark.parametrize("change", ["CORRECTED", "ANNULLED", "CEASED"])
def test_all_but_a_new_fact_name_the_event_before(change: str) -> None:
    event = event_with("ResidenceChanged", None if change == "ANNULLED" else _residence(), change)
    assert accepts(event)
    assert not accepts({**event, "previousid": None})
    assert not accepts({key: value for key, value in event.items() if key != "previousid"})


def _residence() -> Any:
    return example("ResidenceChanged", CATALOGUE)["data"]


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("specversion", "0.3"),
        ("id", ""),
        ("id", "a\0b"),
        ("id", "x" * 201),
        ("type", "BirthRegistered"),
        ("source", "not a uri"),
        ("source", "/x\n"),
        ("source", "/x%2"),
        ("subject", "00119001234"),
        ("subject", "001190012345\n"),
        ("subject", "٠٠١١٩٠٠١٢٣٤٥"),
        ("subject", 1190012345),
        ("time", "2025-08-06T09:30:00"),
        ("time", "2025-08-06T09:30:00Z\n"),
        ("time", "2025-08-06"),
        ("time", 1754447400),
        ("datacontenttype", "text/plain"),
        ("change", "created"),
        ("factversion", 0),
        ("factversion", 2**31),
        ("factversion", "1"),
        ("factversion", True),
        ("registeredat", None),
    ],
)
def test_a_wrong_envelope_is_refused(attribute: str, value: Any) -> None:
    event = example("DeathRegistered", CATALOGUE)
    assert validator("DeathRegistered").is_valid(event)
    assert not validator("DeathRegistered").is_valid({**event, attribute: value})


@pytest.mark.parametrize(
    "date",
    ["2025-13-01", "2025-00-10", "2025-01-32", "0000-01-01", "20250101", "2025-1-1", "2025-01-01\n", "", 20250101],
)
def test_a_wrong_date_is_refused(date: Any) -> None:
    event = example("DeathRegistered", CATALOGUE)
    assert not accepts({**event, "data": {**event["data"], "died_on": date}})
