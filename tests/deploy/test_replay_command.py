"""`dancu replay` from the outside: what an agency rejects is parked, and comes in order when it is repaired."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from tests.commands import Dancu, applied
from tests.deploy.sample import lines, move

_GUARD = """
    CREATE TRIGGER guard BEFORE INSERT ON applied_events WHEN NEW.event_id = 'move-1-2'
    BEGIN SELECT RAISE(ABORT, 'no such household'); END
"""


@contextmanager
def tax_system(dancu: Dancu) -> Iterator[sqlite3.Connection]:
    """Open the tax office's own database, as its own people would."""
    with closing(sqlite3.connect(dancu.home / "agencies" / "tax.db", isolation_level=None)) as database:
        yield database


def tax(dancu: Dancu) -> dict[str, int]:
    found: dict[str, int] = dancu.status()["agencies"]["tax"]
    return found


def story(dancu: Dancu, event_id: str) -> Any:
    answer = dancu("explain", event_id, "--json")
    assert answer.code == 0, answer
    return answer.json


def test_what_an_agency_rejects_is_parked_and_comes_in_order_after_a_replay(dancu: Dancu) -> None:
    dancu.ingest("-", stdin=lines(move(1, 1)))
    dancu.run_until_idle()
    with tax_system(dancu) as database:
        database.execute(_GUARD)
    dancu.ingest("-", stdin=lines(move(1, 2), move(1, 3), move(2, 1), move(1, 4)))
    dancu.run_until_idle()
    assert applied(dancu.home, "tax") == ["move-1-1", "move-2-1"]
    assert len(applied(dancu.home, "welfare")) == 5
    assert tax(dancu) == {"delivered": 2, "pending": 0, "parked": 3, "replayed": 0}

    dry = dancu("replay", "tax", "--dry-run", "--json")
    assert (dry.code, dry.json["agencies"]) == (0, {"tax": {"requested": 1, "skipped": {}, "parked": 3}})
    alone = Dancu(dancu.home, {"DANCU_REPLAY_ALONE": "0"})("replay", "tax", "--reason", "too many")
    assert (alone.code, "use `dancu replay plan`" in alone.err) == (1, True)
    again = dancu("replay", "tax", "--reason", "too early", "--json")
    assert (again.code, again.json["agencies"]) == (0, {"tax": {"requested": 1, "skipped": {}, "parked": 3}})
    assert applied(dancu.home, "tax") == ["move-1-1", "move-2-1"]

    with tax_system(dancu) as database:
        database.execute("DROP TRIGGER guard")
    answer = dancu("replay", "tax", "--reason", "household entered", "--by", "lan", "--json")
    assert (answer.code, answer.json) == (
        0,
        {"dry_run": False, "agencies": {"tax": {"requested": 1, "skipped": {}, "parked": 0}}},
    )
    assert applied(dancu.home, "tax") == ["move-1-1", "move-2-1", "move-1-2", "move-1-3", "move-1-4"]
    assert tax(dancu) == {"delivered": 5, "pending": 0, "parked": 0, "replayed": 1}
    told = [step for step in story(dancu, "move-1-2")["steps"] if step.get("agency") == "tax"]
    assert [step["what"] for step in told if step["what"] != "addressed"] == [
        "parked",
        "requested",
        "parked",
        "requested",
        "delivered",
    ]
    last_request = [step for step in told if step["what"] == "requested"][-1]
    assert (last_request["by"], last_request["detail"]) == ("lan", "household entered")


def test_a_replay_of_an_unknown_agency_names_those_that_there_are(dancu: Dancu) -> None:
    answer = dancu("replay", "police", "--reason", "x")
    assert answer.code == 2
    assert "police: no such agency. Allowed: bank, insurance, land, tax, welfare" in answer.err


def test_a_replay_with_nothing_parked_asks_for_nothing(dancu: Dancu) -> None:
    answer = dancu("replay", "--json")
    nothing = {"requested": 0, "skipped": {}, "parked": 0}
    assert answer.code == 0
    assert answer.json["agencies"] == dict.fromkeys(["bank", "insurance", "land", "tax", "welfare"], nothing)
