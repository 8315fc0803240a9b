"""`dancu edge qr` reads what is printed, and never takes it for proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from deploy.cli import app
from tests.adapters.card_reader.virtual.personal import MINH
from tests.commands import Answer, check_words

_OF_2021 = f"{MINH.number}|{MINH.old_number}|{MINH.name}|17051992|{MINH.sex}|{MINH.address}|01062021"
_OF_2024 = f"{MINH.number}||{MINH.name}|{MINH.sex}"


def qr(*words: str, stdin: str | bytes = "") -> Answer:
    done = CliRunner().invoke(app, ["edge", "qr", *words], input=stdin)
    check_words(done.output)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return Answer(done.exit_code, done.stdout, done.stderr)


def test_a_scanned_line_is_a_level_of_its_own_and_checks_nothing() -> None:
    answer = qr("--json", stdin=f"{_OF_2021}\r\n")
    assert answer.code == 0
    assert answer.json == {
        "level": "qr",
        "checks": dict.fromkeys(("pace_or_bac", "passive", "chip", "active", "cross", "expiry")),
        "error": None,
        "document": {"number_masked": "001•••••••17", "expiry": None},
        "ms": {},
    }


def test_people_are_told_that_it_proves_nothing_and_see_no_name() -> None:
    answer = qr(stdin=_OF_2021)
    assert "proves nothing" in answer.err
    assert "không chứng minh" in answer.err
    assert MINH.name not in answer.out + answer.err
    assert MINH.address not in answer.out + answer.err


@pytest.mark.parametrize("way", ["argument", "dash"])
def test_it_reads_a_file_or_standard_input(way: str, tmp_path: Path) -> None:
    file = tmp_path / "scanned.txt"
    file.write_text(_OF_2021)
    answer = qr(str(file), "--json") if way == "argument" else qr("-", "--json", stdin=_OF_2021)
    assert answer.json["level"] == "qr"


@pytest.mark.parametrize("stdin", ["", "hello\n", "1|2|3\n", b"\xff\xfe|\n", _OF_2024], ids=repr)
def test_what_is_no_code_of_a_card_is_said_by_its_code(stdin: str | bytes) -> None:
    answer = qr("--json", stdin=stdin)
    assert (answer.code, answer.json["level"], answer.json["error"]) == (1, None, "qr_malformed")


def test_a_file_that_is_not_there_is_told_in_one_sentence(tmp_path: Path) -> None:
    answer = qr(str(tmp_path / "nowhere"))
    assert answer.code == 1
    assert "No such file" in answer.err
