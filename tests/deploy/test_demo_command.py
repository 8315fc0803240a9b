"""`dancu demo` from the outside: it verifies itself, and it would notice."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from deploy.bootstrap import open_hub
from deploy.demo.lines import SourceLine
from deploy.demo.show import SENT, Stage
from deploy.settings import load_settings
from tests.commands import Dancu
from tests.deploy.sample import lines, move

EVENTS = 1500


def _show(dancu: Dancu, seed: int) -> None:
    answer = dancu("demo", "--events", str(EVENTS), "--seed", str(seed), "--json")
    told = answer.json
    assert (answer.code, told["verified"], told["differences"]) == (0, True, [])
    assert (told["events"], told["seed"]) == (EVENTS, seed)
    status = told["status"]
    assert all(status["duplicates"].values()), "all three kinds of duplicates came"
    assert status["agencies"]["land"]["replayed"] > 0
    assert all(one["delivered"] and not one["pending"] + one["parked"] for one in status["agencies"].values())


def _nothing(*_: object) -> None:
    """Show nothing."""


def _differences(home: Path) -> list[str]:
    raw = (home / SENT).read_bytes().splitlines()
    with open_hub(load_settings(home=home)) as hub:
        return Stage(hub, [SourceLine(one, "") for one in raw], _nothing, _nothing, _nothing).differences()


def test_a_demo_verifies_itself_again_and_again_in_one_home_and_would_notice_a_lost_event(dancu: Dancu) -> None:
    _show(dancu, 7)
    _show(dancu, 8)
    assert _differences(dancu.home) == []
    with closing(sqlite3.connect(dancu.home / "agencies" / "tax.db")) as database, database:
        database.execute("DELETE FROM applied_events WHERE applied_order = 5")
    assert [found.partition(" ")[2].partition(" ")[2] for found in _differences(dancu.home)] == ["is missing"]


def test_a_demo_touches_no_home_that_holds_something_else(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1)))
    before = sorted(path.name for path in dancu.home.iterdir())
    answer = dancu("demo", "--events", "10")
    assert answer.code == 1
    assert "holds something that is not the demo's" in answer.err
    assert sorted(path.name for path in dancu.home.iterdir()) == before


@pytest.mark.parametrize("events", [1, 30])
def test_a_small_demo_is_right_too(dancu: Dancu, events: int) -> None:
    answer = dancu("demo", "--events", str(events), "--seed", "1")
    assert answer.code == 0, answer
    assert "exactly once" in answer.err
