"""The example files: every kind of row is there, all of them are understood, and the README lists each column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker

import schemas
from adapters import sources
from adapters.sources import SOURCES, CloudEvent, Item, civil_status, detect, identity, read, residence
from schemas.reference import units
from tests.adapters.sources.exports import errors, events

KINDS = {"civil_status": civil_status.KINDS, "residence": residence.KINDS, "identity": identity.KINDS}
FOLDER, SCHEMAS = Path(sources.__file__).parent, Path(schemas.__file__).parent
EXAMPLES = FOLDER / "examples"


def example(name: str) -> list[Item]:
    with (EXAMPLES / f"{name}.csv").open("rb") as stream:
        return list(read(SOURCES[name], stream))


def all_events() -> list[CloudEvent]:
    return [event for name in SOURCES for event in events(example(name))]


@pytest.mark.parametrize("name", list(SOURCES))
def test_an_example_is_read_without_an_error(name: str) -> None:
    items = example(name)
    assert 20 <= len(items) <= 40
    assert errors(items) == []
    with (EXAMPLES / f"{name}.csv").open("rb") as stream:
        assert detect(stream.readline()) is SOURCES[name]


@pytest.mark.parametrize("name", list(SOURCES))
def test_an_example_shows_every_kind_of_row(name: str) -> None:
    text = (EXAMPLES / f"{name}.csv").read_text("utf-8")
    first_cells = {line.replace(";", ",").partition(",")[0] for line in text.splitlines()}
    assert set(KINDS[name]) <= first_cells


def test_every_allowed_change_of_every_type_is_shown() -> None:
    matrix = json.loads((SCHEMAS / "matrix.json").read_text("utf-8"))
    shown = {(event["type"], event["change"]) for event in all_events()}
    types = {kind.type for kinds in KINDS.values() for kind in kinds.values()}
    assert shown == {(type_, change) for type_ in types for change in matrix[type_]["changes"]}


def test_every_event_of_the_examples_keeps_to_its_schema() -> None:
    for event in all_events():
        schema = json.loads((SCHEMAS / "json" / f"{event['type']}.schema.json").read_text("utf-8"))
        validator = Draft202012Validator(schema, format_checker=FormatChecker())
        assert [error.message for error in validator.iter_errors(event)] == []


def test_every_later_version_follows_an_event_of_the_examples() -> None:
    ids = [event["id"] for event in all_events()]
    assert len(set(ids)) == len(ids)
    for event in all_events():
        if "previousid" in event:
            assert event["previousid"] in ids[: ids.index(event["id"])], event["factid"]


def test_the_wards_of_the_examples_lie_in_their_provinces() -> None:
    for event in all_events():
        addresses = [value for value in event.get("data", {}).values() if "code_system" in str(value)]
        for address in addresses:
            if ward_code := address.get("ward_code"):
                ward = units.ward(ward_code, address["code_system"])
                assert ward is not None
                assert ward.province_code == address["province_code"]


@pytest.mark.parametrize("name", list(SOURCES))
def test_the_readme_explains_every_column_and_every_word(name: str) -> None:
    readme = (FOLDER / "README.md").read_text("utf-8")
    missing = [column for column in SOURCES[name].columns if f"| `{column}` |" not in readme]
    words = [kind for kind in KINDS[name] if f"`{kind}`" not in readme]
    assert (missing, words) == ([], [])
