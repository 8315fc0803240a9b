"""`dancu schemas …` as its users meet it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from typer.testing import CliRunner, Result

from deploy.cli.schemas import app
from schemas.catalogue import load_catalogue
from tests.schemas.test_compatibility import DEATH, OPTIONAL, edit, folder, with_field, without

__all__ = ["folder"]


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def test_list_shows_every_type_with_its_agencies() -> None:
    rows = orjson.loads(run("list", "--json").stdout)
    assert [row["type"] for row in rows] == list(load_catalogue().types)
    death = next(row for row in rows if row["type"] == "DeathRegistered")
    assert death["changes"] == ["CREATED", "CORRECTED", "ANNULLED"]
    assert set(death["views"]) == {"tax", "insurance", "land", "welfare", "bank"}
    assert "IdentityAccountActivated" in run("list").stdout


@pytest.mark.parametrize(
    "words", [["DeathRegistered", "--agency", "tax"], ["outbox.tax-vn.dancu.view.tax.DeathRegistered"]]
)
def test_show_prints_the_text_that_is_served(words: list[str]) -> None:
    result = run("show", *words)
    schema = orjson.loads(result.stdout)
    assert (schema["namespace"], schema["fields"][-1]["name"]) == ("vn.dancu.view.tax", "last_residence")
    assert "schema id" in result.stderr
    assert "schema id" not in result.stdout


def test_show_prints_the_json_schema() -> None:
    assert orjson.loads(run("show", "BirthRegistered", "--json-schema").stdout)["title"] == "BirthRegistered"


def test_example_prints_one_event_on_one_line() -> None:
    result = run("example", "ResidenceChanged", "--change", "ANNULLED")
    assert result.stdout.count("\n") == 1
    assert orjson.loads(result.stdout)["change"] == "ANNULLED"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["show", "Birth"], "There is no event type 'Birth'. The types are: AddressProtectionChanged, BirthRegistered"),
        (["example", "Birth"], "There is no event type 'Birth'"),
        (["show", "BirthRegistered", "--agency", "bank"], "Those who have: insurance, tax, welfare"),
        (["example", "DeathRegistered", "--change", "CEASED"], "it may be CREATED, CORRECTED, ANNULLED"),
    ],
)
def test_a_name_that_is_not_there_is_answered_with_those_that_are(words: list[str], message: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert message in result.stderr


def test_check_says_ok_in_one_line() -> None:
    result = run("check")
    assert (result.exit_code, result.stdout.count("\n")) == (0, 1)
    assert result.stdout.startswith("OK")


def test_check_names_kind_path_and_message_and_fails(folder: Path) -> None:
    edit(folder, DEATH, without("source"))
    result = run("check", "--folder", str(folder))
    assert result.exit_code == 1
    assert "reader_field_missing_default_value  events/DeathRegistered.avsc#source\n" in result.stdout
    assert "field `source` has no default" in result.stdout
    found = orjson.loads(run("check", "--json", "--folder", str(folder)).stdout)
    assert {"kind", "path", "message"} == found[0].keys()


def test_a_new_field_goes_through_json_check_and_record(folder: Path) -> None:
    where = ["--folder", str(folder)]
    edit(folder, DEATH, with_field(OPTIONAL))
    assert run("json", *where).exit_code == 1
    assert run("record", *where).exit_code == 1
    written = run("json", "--write", *where)
    assert (written.exit_code, written.stdout) == (0, "written: json/DeathRegistered.schema.json\n")
    assert "1 new: run `dancu schemas record`" in run("check", *where).stdout
    assert "dancu schemas record" in run("list", *where).stderr
    recorded = orjson.loads(run("record", "--json", *where).stdout)
    assert recorded == [
        {"subject": "received-vn.dancu.event.DeathRegistered", "version": 2, "id": max(load_catalogue().recorded) + 1}
    ]
    assert run("record", *where).stdout == "Nothing new to record\n"


def test_a_broken_file_stops_json_and_record_with_its_name(folder: Path) -> None:
    (folder / DEATH).write_bytes(b"{")
    for words in (["json", "--write"], ["record"]):
        result = run(*words, "--folder", str(folder))
        assert result.exit_code == 1
        assert f"unreadable  {DEATH}" in result.stderr


@pytest.mark.parametrize("command", ["list", "show", "example", "check", "record", "json"])
def test_every_command_helps_with_an_example(command: str) -> None:
    assert f"Example: dancu schemas {command}" in run(command, "--help").stdout
