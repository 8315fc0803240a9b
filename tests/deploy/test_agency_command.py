"""`dancu agency` and `dancu connections` from the outside."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from consumers.cloudevents import cursor_of
from tests.commands import Dancu, applied, wait_for
from tests.deploy.sample import death, lines, move


def agency(dancu: Dancu, name: str) -> Any:
    answer = dancu("agency", "show", name, "--json")
    assert answer.code == 0, answer
    return answer.json


def states(dancu: Dancu) -> dict[str, str]:
    answer = dancu("connections", "--json")
    assert answer.code == 0, answer
    return {one["agency"]: one["state"] for one in answer.json["agencies"]}


def test_a_suspended_agency_gets_nothing_until_it_is_resumed_and_then_everything(dancu: Dancu) -> None:
    assert dancu("agency", "suspend", "tax", "--reason", "they move", "--by", "lan").code == 0
    dancu.ingest("-", stdin=lines(move(1), death(2)))
    dancu.run_until_idle()
    assert (applied(dancu.home, "tax"), len(applied(dancu.home, "insurance"))) == ([], 2)
    assert agency(dancu, "tax")["suspended"]["reason"] == "they move"
    assert "tạm ngừng / suspended" in dancu("status").out
    assert states(dancu)["tax"] == "suspended"

    again = dancu("agency", "suspend", "tax", "--reason", "me too")
    assert (again.code, "is suspended already" in again.err) == (1, True)
    assert dancu("agency", "resume", "tax", "--reason", "they are there", "--by", "lan").code == 0
    dancu.run_until_idle()
    assert len(applied(dancu.home, "tax")) == 2
    assert dancu("agency", "resume", "tax", "--reason", "x").code == 1


def test_a_running_hub_follows_what_another_process_orders(dancu: Dancu) -> None:
    dancu("agency", "suspend", "tax", "--reason", "they move")
    dancu.ingest("-", stdin=lines(move(1)))
    with dancu.started("run", "--no-web", "--registry-port", "0") as process:
        wait_for(process, lambda: bool(applied(dancu.home, "insurance")))
        assert applied(dancu.home, "tax") == []
        assert dancu("agency", "resume", "tax", "--reason", "they are there").code == 0
        wait_for(process, lambda: bool(applied(dancu.home, "tax")))


def test_a_feed_is_rewound_to_a_cursor_or_a_time_and_what_came_before_is_not_lost(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1), move(2), move(3)))
    dancu.run_until_idle()
    answer = dancu("agency", "rewind", "tax", "--to", cursor_of("tax", 1), "--reason", "a backup", "--json")
    assert (answer.code, answer.json["after"], answer.json["until"]) == (0, 1, 3)
    other = dancu("agency", "rewind", "tax", "--to", "2020-01-01T00:00:00Z", "--reason", "again")
    assert (other.code, "being rewound already" in other.err) == (1, True)
    dancu.run_until_idle()
    (rewind,) = agency(dancu, "tax")["rewinds"]
    assert (rewind["taken"], rewind["refused"], rewind["reached"]) == (2, 0, 3)
    assert rewind["ended"] is not None
    told = [step for step in dancu("explain", "move-2-1", "--json").json["steps"] if step.get("agency") == "tax"]
    assert [(step["what"], step.get("detail")) for step in told[-2:]] == [
        ("delivered", None),
        ("requested", "a backup"),
    ]
    dancu("agency", "rewind", "tax", "--to", "2020-01-01T00:00:00+07:00", "--reason", "all of it")
    assert dancu("agency", "rewind", "tax", "--cancel", "--reason", "not needed", "--by", "minh").code == 0
    assert agency(dancu, "tax")["rewinds"][0]["cancelled_by"] == "minh"
    assert applied(dancu.home, "tax") == ["move-1-1", "move-2-1", "move-3-1"]
    assert dancu.status()["agencies"]["tax"] == {"delivered": 3, "pending": 0, "parked": 0, "replayed": 0}


def test_what_cannot_be_meant_is_refused_in_plain_words(dancu: Dancu) -> None:
    for words, said in (
        (["show", "police"], "no such agency"),
        (["suspend", "tax", "--reason", " "], "may not be empty"),
        (["rewind", "tax", "--to", "yesterday", "--reason", "x"], "neither a time"),
        (["rewind", "tax", "--to", "2026-11-20T08:00:00", "--reason", "x"], "say the offset"),
        (["rewind", "tax", "--to", cursor_of("land", 1), "--reason", "x"], "of the feed of"),
        (["rewind", "tax", "--reason", "x"], "--cancel"),
    ):
        answer = dancu("agency", *words)
        assert (answer.code, said in answer.err) == (2, True), answer
    nothing = dancu("agency", "rewind", "tax", "--to", "2020-01-01T00:00:00Z", "--reason", "x")
    assert (nothing.code, "nothing" in nothing.err) == (1, True)


def test_connections_come_from_real_traffic_and_are_counted_against_targets(dancu: Dancu) -> None:
    assert set(states(dancu).values()) == {"never_connected"}
    dancu.ingest("-", stdin=lines(move(1)))
    dancu.run_until_idle()
    found = states(dancu)
    assert (found["tax"], found["bank"]) == ("connected", "never_connected")
    sectors = {one["sector"]: one for one in dancu("connections", "--json").json["sectors"]}
    assert [(sectors[s]["target"]) for s in ("ministry", "enterprise", "telecom", "locality", "bank")] == [
        15,
        1,
        3,
        63,
        None,
    ]
    (dancu.home / "targets.yaml").write_text("ministry: 4\nbank: 30\n")
    sectors = {one["sector"]: one for one in dancu("connections", "--json").json["sectors"]}
    assert (sectors["ministry"]["target"], sectors["bank"]["target"], sectors["telecom"]["target"]) == (4, 30, None)
    assert "Theo khối / By sector" in dancu("connections").out


def test_a_file_of_targets_that_cannot_be_used_is_refused_with_its_name(dancu: Dancu, tmp_path: Path) -> None:
    file = tmp_path / "targets.yaml"
    for text, said in (
        ("police: 3", "no sector"),
        ("bank: many", "whole number"),
        ("- bank", "write lines"),
        ("{", ""),
    ):
        file.write_text(text)
        answer = Dancu(dancu.home, {"DANCU_TARGETS": str(file)})("connections")
        assert (answer.code, str(file) in answer.err, said in answer.err) == (2, True, True), answer


def test_an_agency_that_fetches_is_pending_until_it_asks_and_holds_nothing_up(dancu: Dancu) -> None:
    manifest = (Path(__file__).parents[2] / "deploy" / "agreements" / "tax.yaml").read_text()
    folder = dancu.home / "agreements"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tax.yaml").write_text(manifest.replace("way: sql", "way: feed"))
    dancu.ingest("-", stdin=lines(move(1), move(2)))
    dancu.run_until_idle()
    assert dancu.status()["agencies"] == {"tax": {"delivered": 0, "pending": 2, "parked": 0, "replayed": 0}}
    assert "the agency fetches them" in dancu("status").out
    assert states(dancu) == {"tax": "never_connected"}
    refused = dancu("agency", "rewind", "tax", "--to", "2020-01-01T00:00:00Z", "--reason", "x")
    assert (refused.code, "fetches its events itself" in refused.err) == (2, True)
