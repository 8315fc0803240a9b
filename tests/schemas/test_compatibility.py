"""What `dancu schemas check` finds: each break with kind, path and message, and it never falls over a broken file."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.avsc import FOLDER
from schemas.catalogue import load_catalogue
from schemas.committed_json import outdated, write_json_schemas
from schemas.compatibility import problems, unrecorded
from schemas.current import read_current
from schemas.versions import event_subject, read_recorded, record
from tests.schemas.strategies import ANY_JSON

DEATH = "events/DeathRegistered.avsc"
TAX_DEATH = "views/tax/DeathRegistered.avsc"
OPTIONAL = {"name": "hour", "type": ["null", "string"], "default": None}
Edit = Callable[[Any], Any]
#: The id that the next new version gets.
NEXT_ID = max(load_catalogue().recorded) + 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return copy_to(tmp_path)


def copy_to(tmp_path: Path) -> Path:
    """The schema files without the code and the reference data."""
    parts = ["events", "types", "views", "json", "recorded"]
    for part in parts:
        shutil.copytree(FOLDER / part, tmp_path / "schemas" / part)
    shutil.copy(FOLDER / "matrix.json", tmp_path / "schemas")
    return tmp_path / "schemas"


def edit(folder: Path, path: str, change: Edit) -> None:
    file = folder / path
    file.write_bytes(orjson.dumps(change(orjson.loads(file.read_bytes()))))


def publish(folder: Path) -> None:
    write_json_schemas(folder)
    assert problems(folder) == []
    record(folder, read_current(folder).subjects())


def without(name: str) -> Edit:
    return lambda schema: {**schema, "fields": [field for field in schema["fields"] if field["name"] != name]}


def with_field(field: dict[str, Any]) -> Edit:
    return lambda schema: {**schema, "fields": [*schema["fields"], field]}


def with_type(name: str, avro_type: Any) -> Edit:
    def change(schema: Any) -> Any:
        fields = [{**field, "type": avro_type} if field["name"] == name else field for field in schema["fields"]]
        return {**schema, "fields": fields}

    return change


def demanded(name: str) -> Edit:
    """Make an optional text one that must be there."""

    def change(schema: Any) -> Any:
        plain = {"name": name, "type": "string"}
        return {**schema, "fields": [plain if field["name"] == name else field for field in schema["fields"]]}

    return change


def with_symbols(*symbols: str) -> Edit:
    return lambda schema: {**schema, "symbols": list(symbols)}


def test_the_schemas_of_the_repository_are_sound_and_recorded() -> None:
    assert problems() == []
    assert unrecorded() == []


@pytest.mark.parametrize(
    ("path", "change", "kind", "place", "words"),
    [
        (
            DEATH,
            without("source"),
            "reader_field_missing_default_value",
            f"{DEATH}#source",
            "can't read what the schema",
        ),
        (DEATH, without("sex"), "field_removed", f"{DEATH}#sex", "was published"),
        (DEATH, without("died_on"), "view_field_unknown", f"{TAX_DEATH}#died_on", "DeathRegistered has no field"),
        (
            DEATH,
            with_type("certificate_number", ["null", "int"]),
            "type_mismatch",
            f"{DEATH}#certificate_number",
            "int",
        ),
        (
            DEATH,
            with_type("fact_version", "long"),
            "type_mismatch",
            f"{DEATH}#fact_version",
            "can't read what the schema",
        ),
        (DEATH, demanded("bulk_id"), "type_mismatch", f"{DEATH}#bulk_id", "null"),
        (DEATH, with_type("died_on", ["null", "int"]), "logical_type_changed", f"{DEATH}#died_on", "was date"),
        (
            DEATH,
            with_type("sex", ["null", "vn.dancu.Gender"]),
            "unparsable",
            DEATH,
            "no type is called vn.dancu.Gender",
        ),
        (DEATH, with_type("sex", ["null", "bytes"]), "unsupported_type", f"{DEATH}#sex", "no JSON form"),
        (
            DEATH,
            with_field({"name": "hour", "type": "string"}),
            "reader_field_missing_default_value",
            f"{DEATH}#hour",
            "the schema here can't read what version 1",
        ),
        (
            DEATH,
            with_field({"name": "hour", "type": "string"}),
            "payload_not_optional",
            f"{DEATH}#hour",
            "default null",
        ),
        (DEATH, with_field({**OPTIONAL, "dancu": {"must": 1}}), "metadata", f"{DEATH}#hour", "an object of"),
        ("types/Sex.avsc", with_symbols("MAN", "FEMALE"), "missing_enum_symbols", "types/Sex.avsc#symbols", "MAN"),
        (
            "types/CardState.avsc",
            with_symbols("LOST", "DAMAGED", "EXPIRED", "RETURNED", "STOLEN"),
            "missing_enum_symbols",
            "types/CardState.avsc#symbols",
            "STOLEN: version 1 of received-vn.dancu.event.IdentityCardIssued (schema id 8) can't read",
        ),
        (
            "types/Address.avsc",
            with_field({"name": "district", "type": "string"}),
            "reader_field_missing_default_value",
            "types/Address.avsc#district",
            "and the same for",
        ),
        ("types/Address.avsc", without("detail"), "field_removed", "types/Address.avsc#detail", "was published"),
        (TAX_DEATH, with_field(OPTIONAL), "view_field_unknown", f"{TAX_DEATH}#hour", "has no field `hour`"),
        (
            TAX_DEATH,
            with_type("died_on", ["null", "string"]),
            "view_field_type",
            f"{TAX_DEATH}#died_on",
            "another type than in DeathRegistered",
        ),
        (TAX_DEATH, without("died_on"), "field_removed", f"{TAX_DEATH}#died_on", "was published"),
        (TAX_DEATH, lambda schema: {**schema, "name": "Death"}, "misnamed", TAX_DEATH, "must be vn.dancu.view.tax"),
        (
            "matrix.json",
            lambda m: {**m, "Birth": m["BirthRegistered"]},
            "matrix_type_unknown",
            "matrix.json#Birth",
            "Birth",
        ),
        (
            "matrix.json",
            lambda m: {**m, "CardVerified": {"changes": ["MADE"], "vital_key": None}},
            "matrix_change_unknown",
            "matrix.json#CardVerified.changes",
            "MADE",
        ),
        (
            "matrix.json",
            lambda m: {**m, "CardVerified": {"changes": ["CREATED"], "vital_key": ["hour"]}},
            "matrix_key_unknown",
            "matrix.json#CardVerified.vital_key",
            "payload fields",
        ),
        (
            "matrix.json",
            lambda m: {name: row for name, row in m.items() if name != "CardVerified"},
            "matrix_type_missing",
            "matrix.json#CardVerified",
            "no row",
        ),
        ("recorded/6.avsc", lambda _: {"type": "nothing"}, "unparsable", "recorded/6.avsc", "not an Avro schema"),
    ],
)
def test_a_break_is_found_with_kind_path_and_message(
    folder: Path, path: str, change: Edit, kind: str, place: str, words: str
) -> None:
    edit(folder, path, change)
    found = [problem for problem in problems(folder) if (problem.kind, problem.path) == (kind, place)]
    assert found, problems(folder)
    assert any(words in problem.message for problem in found), found


@pytest.mark.parametrize(
    "path", [DEATH, TAX_DEATH, "types/Sex.avsc", "matrix.json", "recorded/index.json", "recorded/6.avsc"]
)
@pytest.mark.parametrize("content", [b"", b"{", b"\xff\xfe", b'{"a": 1} x'])
def test_a_file_that_is_no_json_is_a_problem_not_a_crash(folder: Path, path: str, content: bytes) -> None:
    (folder / path).write_bytes(content)
    assert ("unreadable", path) in [(problem.kind, problem.path) for problem in problems(folder)]


def nodes(content: Any, trail: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place in a JSON document."""
    yield trail
    for key, value in (
        content.items() if isinstance(content, dict) else enumerate(content if isinstance(content, list) else ())
    ):
        yield from nodes(value, (*trail, key))


def put(content: Any, trail: tuple[Any, ...], value: Any) -> Any:
    """The document with another value in one place."""
    if not trail:
        return value
    changed = dict(content) if isinstance(content, dict) else list(content)
    changed[trail[0]] = put(content[trail[0]], trail[1:], value)
    return changed


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_no_nonsense_in_a_file_makes_the_check_fall_over(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = shared_copy(tmp_path_factory)
    path = data.draw(
        st.sampled_from([DEATH, TAX_DEATH, "types/Address.avsc", "types/Sex.avsc", "matrix.json", "recorded/6.avsc"])
    )
    before = (folder / path).read_bytes()
    content = orjson.loads(before)
    changed = put(content, data.draw(st.sampled_from(list(nodes(content)))), data.draw(ANY_JSON))
    (folder / path).write_bytes(orjson.dumps(changed))
    try:
        for problem in problems(folder):
            assert problem.kind
            assert problem.message
    finally:
        (folder / path).write_bytes(before)


_SHARED: list[Path] = []


def shared_copy(factory: pytest.TempPathFactory) -> Path:
    """A folder with one event and one view, so that many examples are quick."""
    if not _SHARED:
        folder = copy_to(factory.mktemp("shared"))
        for part in ("events", "views", "json"):
            for file in (folder / part).rglob("*.*"):
                if not file.name.startswith("DeathRegistered."):
                    file.unlink()
        edit(folder, "matrix.json", lambda rows: {"DeathRegistered": rows["DeathRegistered"]})
        edit(folder, "recorded/index.json", lambda all_: {name: ids for name, ids in all_.items() if "Death" in name})
        assert problems(folder) == []
        _SHARED.append(folder)
    return _SHARED[0]


def test_a_new_optional_field_is_compatible_and_gets_a_new_id(folder: Path) -> None:
    edit(folder, DEATH, with_field(OPTIONAL))
    assert unrecorded(folder) == [event_subject("DeathRegistered")]
    publish(folder)
    versions = read_recorded(folder)[event_subject("DeathRegistered")]
    assert [(old.version, old.schema_id) for old in versions] == [(1, 6), (2, NEXT_ID)]
    assert load_catalogue(folder).types["DeathRegistered"].schema_id == NEXT_ID
    assert record(folder, read_current(folder).subjects()) == []


def test_every_published_version_binds_not_only_the_last(folder: Path) -> None:
    edit(folder, DEATH, with_field(OPTIONAL))
    publish(folder)
    edit(folder, DEATH, lambda schema: {**schema, "dancu": {"withdrawn": ["hour"]}})
    edit(folder, DEATH, without("hour"))
    publish(folder)
    edit(folder, DEATH, with_field({**OPTIONAL, "type": ["null", "int"]}))
    messages = [problem.message for problem in problems(folder) if problem.kind == "type_mismatch"]
    assert messages
    assert all("version 2" in message for message in messages)


def test_a_field_taken_away_on_purpose_is_no_break(folder: Path) -> None:
    edit(folder, TAX_DEATH, without("died_on"))
    edit(folder, TAX_DEATH, lambda schema: {**schema, "dancu": {"withdrawn": ["died_on"]}})
    assert problems(folder) == []


def test_a_field_that_becomes_required_breaks_the_senders(folder: Path) -> None:
    def require(schema: Any) -> Any:
        return {
            **schema,
            "fields": [{**f, "dancu": {"required": True}} if f["name"] == "sex" else f for f in schema["fields"]],
        }

    edit(folder, DEATH, require)
    assert ("requirement_added", f"{DEATH}#sex") in [(problem.kind, problem.path) for problem in problems(folder)]


def test_a_published_type_may_not_disappear(folder: Path) -> None:
    (folder / DEATH).unlink()
    assert ("type_removed", DEATH) in [(problem.kind, problem.path) for problem in problems(folder)]


def test_an_id_is_never_given_twice(folder: Path) -> None:
    index = event_subject("BirthRegistered")
    edit(folder, "recorded/index.json", lambda all_: {**all_, index: [{"version": 1, "id": 6}]})
    assert "id_given_twice" in [problem.kind for problem in problems(folder)]


def test_a_text_left_by_a_killed_process_does_not_give_its_id_away(folder: Path) -> None:
    (folder / "recorded" / f"{NEXT_ID}.avsc").write_bytes(b"{}")
    edit(folder, DEATH, with_field(OPTIONAL))
    publish(folder)
    assert load_catalogue(folder).types["DeathRegistered"].schema_id == NEXT_ID + 1


def test_an_outdated_json_schema_is_named_and_fails_nothing(folder: Path) -> None:
    edit(folder, DEATH, with_field(OPTIONAL))
    (folder / "json" / "Gone.schema.json").write_bytes(b"{}")
    assert outdated(folder) == ["json/DeathRegistered.schema.json", "json/Gone.schema.json"]
    assert problems(folder) == []


def test_a_folder_without_events_is_not_sound(tmp_path: Path) -> None:
    assert [problem.kind for problem in problems(tmp_path)] == ["empty"]
