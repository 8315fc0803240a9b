"""The examples are valid, true to life, and never duplicates of each other."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from schemas.catalogue import load_catalogue
from schemas.conversion import millis, to_avro, to_json
from schemas.example import example
from schemas.json_schema import file_of
from schemas.reference.numbers import disagreement, read_number
from schemas.reference.units import province, ward

CATALOGUE = load_catalogue()
TYPES = sorted(CATALOGUE.types)
EVERY = [(name, change) for name, kind in sorted(CATALOGUE.types.items()) for change in sorted(kind.changes)]


@pytest.mark.parametrize(("name", "change"), EVERY)
def test_every_example_is_valid(name: str, change: str) -> None:
    event = example(name, CATALOGUE, change)
    Draft202012Validator(orjson.loads(file_of(name).read_bytes())).validate(event)
    assert event["change"] == change
    assert ("previousid" in event) is (change != "CREATED")


@pytest.mark.parametrize("name", TYPES)
def test_every_required_field_and_most_others_are_filled(name: str) -> None:
    kind, data = CATALOGUE.types[name], example(name, CATALOGUE)["data"]
    assert {field.name for field in kind.payload if field.required} <= data.keys()
    assert len(data) >= len(kind.payload) - 1
    assert to_json(to_avro(data, kind), kind) == data


@pytest.mark.parametrize("name", TYPES)
def test_nothing_in_an_example_is_in_the_future(name: str) -> None:
    event = example(name, CATALOGUE)
    now = datetime.now(UTC)
    for field in CATALOGUE.types[name].payload:
        if field.past and field.name in event["data"]:
            assert event["data"][field.name][:10] <= event["registeredat"][:10] <= now.isoformat()
    assert millis(event["time"]) <= millis(event["registeredat"])


@pytest.mark.parametrize("name", TYPES)
def test_two_examples_are_no_duplicates_of_each_other(name: str) -> None:
    one, two = example(name, CATALOGUE), example(name, CATALOGUE)
    assert one["id"] != two["id"]
    assert one["factid"] != two["factid"]
    if CATALOGUE.types[name].vital_key is not None:
        assert one["subject"] != two["subject"]
    assert example(name, CATALOGUE, fixed=True) == example(name, CATALOGUE, fixed=True)


def numbers_in(data: dict[str, Any], name: str) -> list[str]:
    found = [data[field.name] for field in CATALOGUE.types[name].payload if field.number and field.name in data]
    return [number for value in found for number in (value if isinstance(value, list) else [value])]


@pytest.mark.parametrize("name", TYPES)
def test_the_numbers_can_exist_and_fit_the_person(name: str) -> None:
    event = example(name, CATALOGUE)
    data = event["data"]
    born = date.fromisoformat(data["born_on"]) if "born_on" in data else None
    assert disagreement(read_number(event["subject"]), sex=data.get("sex"), born_on=born) is None
    for number in numbers_in(data, name):
        read_number(number)


@pytest.mark.parametrize("name", TYPES)
def test_the_addresses_exist_in_their_code_system(name: str) -> None:
    data = example(name, CATALOGUE)["data"]
    for field in CATALOGUE.types[name].address_fields & data.keys():
        address = data[field]
        assert province(address["province_code"], address["code_system"]) is not None
        found = ward(address["ward_code"], address["code_system"])
        assert found is not None
        assert found.province_code == address["province_code"]


def test_an_example_may_be_changed_without_changing_the_next() -> None:
    example("ResidenceChanged", CATALOGUE)["data"]["to_address"]["detail"] = "changed"
    assert example("ResidenceChanged", CATALOGUE)["data"]["to_address"]["detail"] != "changed"


def test_a_change_that_the_matrix_refuses_is_refused() -> None:
    with pytest.raises(ValueError, match="DeathRegistered is never CEASED; it may be CREATED, CORRECTED, ANNULLED"):
        example("DeathRegistered", CATALOGUE, "CEASED")
