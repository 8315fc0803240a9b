"""Who may send: tokens whose hashes stand in a file, and the sources that each may speak for."""

from __future__ import annotations

from pathlib import Path

import httpx2
import orjson
import pytest

from adapters.http_intake.modes import STRUCTURED
from adapters.http_intake.senders import BadTokens, Sender, Senders, new_token
from hub.topics import REFUSED
from tests.adapters.http_intake.serving import Intake, started
from tests.commands import Dancu, received_ids, topic, words_of
from tests.deploy.sample import death, move


def test_a_token_is_known_by_its_hash_and_stands_nowhere(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    made = dancu("intake", "token", "residence", "--json")
    token, line = made.json["token"], made.json["line"]
    assert token not in line
    file.write_text(f"# who may send\n\n{line}\n")
    with started(dancu, "--tokens", str(file), token=token) as intake:
        assert intake.structured(move(1)).status == 202
    assert token not in words_of(dancu.home).read_text()
    assert received_ids(dancu.home) == ["move-1-1"]


def test_without_a_known_token_nothing_is_read(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(new_token("residence")[1])
    with started(dancu, "--tokens", str(file)) as intake:
        for headers, error in (
            ({}, None),
            ({"authorization": "Basic cmVzaWRlbmNlOng="}, None),
            ({"authorization": "Bearer dancu_wrong"}, "invalid_token"),
        ):
            reply = intake.post(orjson.dumps(move(1)), {"content-type": STRUCTURED, **headers})
            assert reply.status == 401
            assert reply.headers["content-type"] == "application/problem+json"
            assert reply.headers["www-authenticate"].startswith("Bearer ")
            assert error is None or error in reply.headers["www-authenticate"]
    assert topic(dancu.home, REFUSED) == []
    assert received_ids(dancu.home) == []


def test_a_bound_sender_speaks_for_its_own_sources_only(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    token, line = new_token("civil-status", "/registers/civil-status/")
    file.write_text(line)
    with started(dancu, "--tokens", str(file), token=token) as intake:
        reply = intake.batch(death(1), move(2))
        assert (reply.status, reply.json["accepted"]) == (202, 1)
        assert [(r["index"], r["id"], r["reason"]) for r in reply.json["refused"]] == [
            (1, "move-2-1", "forbidden_source")
        ]
        alone = intake.structured(move(3))
        assert alone.status == 403
        assert "insufficient_scope" in alone.headers["www-authenticate"]
    assert received_ids(dancu.home) == ["death-1"]
    assert dancu.status()["refused"] == {"forbidden_source": 2}


def test_a_token_that_is_taken_away_is_not_known_any_more_and_a_broken_list_lets_in_nobody(
    dancu: Dancu, tmp_path: Path
) -> None:
    file = tmp_path / "tokens"
    token, line = new_token("residence")
    file.write_text(line)
    with started(dancu, "--tokens", str(file), token=token) as intake:
        assert intake.structured(move(1)).status == 202
        _replace(file, new_token("residence")[1])
        assert intake.structured(move(2)).status == 401
        _replace(file, "residence dancu_something")
        reply = intake.structured(move(3))
        assert (reply.status, reply.headers["retry-after"]) == (503, "30")
        _replace(file, line)
        assert intake.structured(move(4)).status == 202
    assert received_ids(dancu.home) == ["move-1-1", "move-4-1"]


def test_others_than_this_machine_need_tokens(dancu: Dancu) -> None:
    answer = dancu("intake", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 - it is refused
    assert answer.code == 2
    assert "--tokens FILE" in answer.err


def test_a_page_that_calls_this_machine_another_name_is_turned_away(intake: Intake) -> None:
    headers = {"host": "evil.example", "content-type": STRUCTURED}
    answer = httpx2.post(f"http://127.0.0.1:{intake.port}/events", content=orjson.dumps(move(1)), headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize("line", ["residence", "residence sha256:12", "Residence sha256:" + "0" * 64, "a b c d"])
def test_a_line_that_is_none_is_named_by_its_number_and_not_shown(line: str, tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text(new_token("identity")[1] + "\n" + line + "\n")
    with pytest.raises(BadTokens, match=r"tokens:2: is not NAME sha256:HEX") as problem:
        Senders(file)
    assert f" {line} " not in f" {problem.value} "


def test_a_missing_file_and_an_impossible_name_are_said(dancu: Dancu, tmp_path: Path) -> None:
    assert "No such file" in dancu("intake", "--tokens", str(tmp_path / "none")).err
    assert dancu("intake", "token", "Civil Status").code == 2


@pytest.mark.parametrize(
    ("source", "allowed"),
    [
        ("/registers/civil-status/79", True),
        ("/registers/civil-status", True),
        ("/registers/civil-status-2/79", False),
        ("/registers/civil-status/../residence/79", False),
        ("/registers/civil-status/%2e%2e/residence", False),
        ("/registers", False),
        ("", False),
    ],
)
def test_a_prefix_ends_where_a_name_ends(source: str, allowed: bool) -> None:
    assert Sender("civil-status", "", "/registers/civil-status").may_say(source) is allowed


def _replace(file: Path, content: str) -> None:
    """Put a new file in the place of the old one, as careful editors do."""
    new = file.with_suffix(".new")
    new.write_text(content)
    new.replace(file)
