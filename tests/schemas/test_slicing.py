"""Cutting a view out of an event gives what Avro's schema resolution gives, and refuses what fastavro refuses."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO
from typing import Any

import fastavro
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.catalogue import EventType, View, load_catalogue
from schemas.slicing import NULL, PREFIX, CorruptValue, NotSliceable, make_cut, make_scan
from tests.schemas.strategies import TEXT, avro_payloads

CATALOGUE = load_catalogue()
TYPES = sorted(CATALOGUE.types)
SCANS = {name: make_scan(kind.schema) for name, kind in CATALOGUE.types.items()}
_LONG = st.integers(-(2**63), 2**63 - 1)


def records(kind: EventType) -> st.SearchStrategy[dict[str, Any]]:
    """Return records of a type, with and without a payload, with numbers as large as Avro has them."""
    envelope = st.fixed_dictionaries(
        {
            "event_id": TEXT,
            "type": st.just(kind.name),
            "source": TEXT,
            "subject": TEXT,
            "occurred_at": _LONG,
            "registered_at": _LONG,
            "change": st.sampled_from(["CREATED", "CORRECTED", "ANNULLED", "CEASED"]),
            "previous_event_id": st.none() | TEXT,
            "fact_id": TEXT,
            "fact_version": st.integers(-(2**31), 2**31 - 1),
            "bulk_id": st.none() | TEXT,
        }
    )
    return st.builds(lambda first, then: first | then, envelope, st.just({}) | avro_payloads(kind))


def encoded(record: dict[str, Any], kind: EventType) -> bytes:
    out = BytesIO()
    fastavro.schemaless_writer(out, kind.parsed, record)
    return b"\x00" + kind.schema_id.to_bytes(4, "big") + out.getvalue()


def decoded(value: bytes, schema: Any, reader: Any = None) -> Any:
    stream = BytesIO(value[PREFIX:])
    found = fastavro.schemaless_reader(stream, schema, reader)
    if stream.read(1):
        raise ValueError("bytes behind the record")
    return found


def resolved(value: bytes, kind: EventType, view: View, *, shielded: bool) -> bytes:
    """Return what Avro's own schema resolution makes of a value: read with the view as reader schema, written again."""
    reader = {**view.parsed, "aliases": [f"vn.dancu.event.{kind.name}"]}
    record = decoded(value, kind.parsed, fastavro.parse_schema(reader, _force=True))
    if shielded:
        record |= dict.fromkeys(view.address_fields) | {"source": "urn:hidden"}
    out = BytesIO()
    fastavro.schemaless_writer(out, view.parsed, record)
    return b"\x00" + view.schema_id.to_bytes(4, "big") + out.getvalue()


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_cut_is_what_schema_resolution_gives(data: st.DataObject) -> None:
    kind = CATALOGUE.types[data.draw(st.sampled_from(TYPES))]
    value = encoded(data.draw(records(kind)), kind)
    bounds = SCANS[kind.name](value)
    for (_, name), view in CATALOGUE.views.items():
        if name == kind.name:
            for shielded in (False, True):
                instead = dict.fromkeys(view.address_fields, NULL) | {"source": b"\x14urn:hidden"}
                cut = make_cut(kind.schema, view.schema, view.schema_id, instead if shielded else None)
                assert cut(value, bounds) == resolved(value, kind, view, shielded=shielded)


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_the_scanner_accepts_only_what_fastavro_reads_to_the_end(name: str, data: st.DataObject) -> None:
    kind = CATALOGUE.types[name]
    value = bytearray(encoded(data.draw(records(kind)), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(PREFIX, len(value) - 1))
        value[place] = data.draw(st.sampled_from([0, 1, 2, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    try:
        SCANS[name](bytes(value))
    except CorruptValue:
        return
    assert encoded(decoded(bytes(value), kind.parsed), kind)[PREFIX:]


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_truncated_or_longer_value_is_refused(data: st.DataObject) -> None:
    kind = CATALOGUE.types[data.draw(st.sampled_from(TYPES))]
    value = encoded(data.draw(records(kind)), kind)
    shorter = value[: data.draw(st.integers(PREFIX, len(value) - 1))]
    for wrong in (shorter, value + b"\x00"):
        with pytest.raises(CorruptValue):
            SCANS[kind.name](wrong)


def test_what_is_wrong_is_said_without_what_stands_there() -> None:
    with pytest.raises(CorruptValue, match=r"^event_id: out of range at 6$"):
        SCANS["ResidenceChanged"](b"\x00\x00\x00\x00\x0e" + b"\x50Lan")


def test_a_view_in_another_order_is_not_cut() -> None:
    kind, view = CATALOGUE.types["DeathRegistered"], CATALOGUE.views["tax", "DeathRegistered"]
    reordered = deepcopy(dict(view.schema))
    reordered["fields"][-1], reordered["fields"][-2] = reordered["fields"][-2], reordered["fields"][-1]
    with pytest.raises(NotSliceable, match="DeathRegistered"):
        make_cut(kind.schema, reordered, view.schema_id)


def test_a_view_with_a_part_of_a_field_is_not_cut() -> None:
    kind, view = CATALOGUE.types["ResidenceChanged"], CATALOGUE.views["tax", "ResidenceChanged"]
    nested = deepcopy(dict(view.schema))
    address = next(field for field in nested["fields"] if field["name"] == "to_address")["type"][1]
    address["fields"] = [field for field in address["fields"] if field["name"] != "detail"]
    with pytest.raises(NotSliceable, match="to_address"):
        make_cut(kind.schema, nested, view.schema_id)


def test_a_field_that_the_event_lacks_is_not_cut() -> None:
    kind, view = CATALOGUE.types["DeathRegistered"], CATALOGUE.views["tax", "DeathRegistered"]
    more = deepcopy(dict(view.schema))
    more["fields"].append({"name": "phone", "type": ["null", "string"], "default": None})
    with pytest.raises(NotSliceable, match="phone"):
        make_cut(kind.schema, more, view.schema_id)


@pytest.mark.parametrize(
    "field_type", [{"type": "map", "values": "string"}, ["string", "null"], ["null", "int", "string"]]
)
def test_a_type_without_a_rule_is_not_scanned(field_type: Any) -> None:
    schema = {"type": "record", "name": "Odd", "fields": [{"name": "what", "type": field_type}]}
    with pytest.raises(NotSliceable, match="what"):
        make_scan(schema)


_EVERYTHING = {
    "type": "record",
    "name": "Everything",
    "fields": [
        {"name": "flag", "type": "boolean"},
        {"name": "ratio", "type": "double"},
        {"name": "short", "type": "float"},
        {"name": "raw", "type": "bytes"},
        {"name": "blocks", "type": {"type": "array", "items": {"type": "array", "items": "string"}}},
        {"name": "big", "type": "long"},
    ],
}


@settings(max_examples=30, deadline=None)
@given(
    record=st.fixed_dictionaries(
        {
            "flag": st.booleans(),
            "ratio": st.floats(allow_nan=False),
            "short": st.floats(width=32, allow_nan=False),
            "raw": st.binary(max_size=300),
            "blocks": st.lists(st.lists(TEXT, max_size=3), max_size=3),
            "big": _LONG,
        }
    )
)
def test_every_avro_type_has_its_bounds(record: dict[str, Any]) -> None:
    out = BytesIO()
    fastavro.schemaless_writer(out, fastavro.parse_schema(_EVERYTHING), record)
    value = b"\x00\x00\x00\x00\x01" + out.getvalue()
    bounds = make_scan(_EVERYTHING)(value)
    assert bounds[-1] == len(value)
    assert bounds[1] - bounds[0] == 1
    assert bounds[3] - bounds[1] == 12


def test_an_array_in_sized_blocks_is_read() -> None:
    schema = {"type": "record", "name": "R", "fields": [{"name": "a", "type": {"type": "array", "items": "string"}}]}
    scan = make_scan(schema)
    block = b"\x03\x08\x02a\x02b\x00"  # two items in a block of four bytes: a negative count, the size, the items
    assert list(scan(b"\x00\x00\x00\x00\x01" + block)) == [5, 12]


@pytest.mark.parametrize("number", [b"\xff" * 10 + b"\x01", b"\xff" * 9 + b"\x7f"])
def test_a_number_of_more_than_64_bits_is_refused(number: bytes) -> None:
    scan = make_scan({"type": "record", "name": "R", "fields": [{"name": "n", "type": "long"}]})
    with pytest.raises(CorruptValue):
        scan(b"\x00\x00\x00\x00\x01" + number)
