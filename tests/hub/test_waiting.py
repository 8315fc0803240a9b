"""Time passes as records in the log; what is kept back survives a restart."""

from __future__ import annotations

from pathlib import Path

from hub.topics import RECEIVED
from tests.hub.making import LAN, MAI, MOVE, PATIENCE, Clock, a_hub, event, next_of

MOVED = event("ResidenceChanged", "m1", MOVE)
ORPHAN = next_of(MOVED, "m2", "CORRECTED", subject=MAI)


def test_a_tick_lets_go_what_is_due_and_nothing_else(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.run(MOVED, next_of(MOVED, "m2", "ANNULLED"), ORPHAN | {"id": "o2", "previousid": "never"})
        assert hub.waiting.count() == 2
        hub.waiting.tick(hub.clock.now)
        assert len(hub.topic(RECEIVED)) == 3  # nothing is due: no tick
        hub.clock.now += PATIENCE.join
        hub.waiting.tick(hub.clock.now)
        hub.run()
        assert hub.ids("tax") == ["m1", "m2"]
        hub.clock.now += PATIENCE.previous
        hub.waiting.tick(hub.clock.now)
        hub.run()
        assert hub.ids("tax") == ["m1", "m2", "o2"]
        assert hub.waiting.count() == 0


def test_no_tick_comes_while_events_still_wait_to_be_read(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.run(ORPHAN)
        hub.send(MOVED, after=PATIENCE.previous)
        hub.waiting.tick(hub.clock.now)
        hub.waiting.flush()
        assert len(hub.topic(RECEIVED)) == 2
        hub.run()  # the event itself lets time pass
        assert hub.ids("tax") == ["m2", "m1"]


def test_a_restart_keeps_what_is_kept_back(tmp_path: Path) -> None:
    clock = Clock()
    with a_hub(tmp_path, clock=clock) as hub:
        hub.run(ORPHAN, event("CardVerified", "x1", subject=MAI))
    with a_hub(tmp_path, clock=clock) as hub:
        assert hub.waiting.count() == 2
        hub.run(MOVED | {"subject": MAI})
        assert hub.ids("insurance") == ["m1", "m2", "x1"]
        assert [e["_"].get("ce_unmatched") for e in hub.sent_to("tax")] == [None, None]


def test_a_flush_lets_everything_go_but_not_what_comes_behind_it(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.run(MOVED, ORPHAN | {"previousid": "never"})
        hub.waiting.flush()
        hub.send(next_of(MOVED, "m3", "ANNULLED"))
        hub.run()
        assert hub.ids("tax") == ["m1", "m2"]
        assert hub.waiting.count() == 1
        hub.run(next_of(MOVED, "m4", "CREATED", factversion=3))
        assert [(e["event_id"], e["change"]) for e in hub.sent_to("tax")][2:] == [("m4", "CORRECTED")]


def test_a_second_report_does_not_count_as_waiting(tmp_path: Path) -> None:
    death = {"died_on": "2025-08-04"}
    with a_hub(tmp_path) as hub:
        hub.run(event("DeathRegistered", "d1", death), event("DeathRegistered", "d2", death, subject=LAN))
        assert hub.waiting.count() == 0
        hub.flush()
        assert len(hub.topic(RECEIVED)) == 2
