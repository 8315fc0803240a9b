"""The status counts every event once, and says how far each agency is."""

from __future__ import annotations

import time
from pathlib import Path

from consumers.loop import deliver_once
from deploy.bootstrap import now_ms
from hub.deliveries import Account, Deliveries, Failure, Outcome, Request, Trial
from hub.eventlog import Record
from hub.topics import outbox
from monitoring.status import AgencyStatus
from replay.redeliver import make_due
from replay.selection import Selection
from tests.monitoring.scene import Choosy, Scene, again, an_event, later, open_scene

NOTHING = AgencyStatus(0, 0, 0, 0)


def test_a_home_that_was_never_used_gives_zeros_and_makes_no_agencys_database(scene: Scene) -> None:
    assert scene.status().as_json() == {
        "received": 0,
        "duplicates": {"event_id": 0, "fact": 0, "vital": 0},
        "refused": {},
        "withheld": {},
        "agencies": {
            name: {"delivered": 0, "pending": 0, "parked": 0, "replayed": 0}
            for name in ("bank", "insurance", "land", "tax", "welfare")
        },
        "held": 0,
    }
    assert list(scene.hub.home.agencies.iterdir()) == []


def test_events_are_received_before_they_are_decided_about(scene: Scene) -> None:
    scene.take(an_event(), an_event())
    assert scene.status().received == 2
    scene.decide()
    assert scene.status().received == 2


def test_all_three_kinds_of_duplicates_are_counted_apart(scene: Scene) -> None:
    death = an_event()
    scene.run(death, death, death)
    scene.run(again(death), again(death, source="/registers/residence/01", factid="R-1"))
    assert scene.status().duplicates == {"event_id": 2, "fact": 1, "vital": 1}
    assert scene.status().received == 5


def test_refusals_of_intake_and_of_the_pipeline_are_counted_together_by_reason(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    scene.run(later(death, "CORRECTED", factversion=3))
    scene.run(b"[]", b"{", b"{", later(death, "CORRECTED", factversion=2))
    assert scene.status().refused == {"late": 1, "not_an_object": 1, "not_json": 2}
    assert scene.status().received == 3


def test_what_is_withheld_is_counted_by_agency(scene: Scene) -> None:
    scene.run(an_event(), an_event())
    assert scene.status().withheld == {"bank": 2}
    assert scene.status().agencies["bank"] == NOTHING


def test_delivered_pending_and_parked_are_together_the_whole_feed(scene: Scene) -> None:
    first, second, third = an_event(), an_event(), an_event()
    corrected = later(first, "CORRECTED")
    scene.run(first, second, corrected)
    scene.deliver("tax", first["id"])
    scene.run(third)
    found = scene.status().agencies
    assert found["tax"].oldest is not None
    assert found["tax"] == AgencyStatus(delivered=1, pending=1, parked=2, replayed=0, oldest=found["tax"].oldest)
    assert found["land"] == AgencyStatus(0, 4, 0, 0, found["land"].oldest)


def test_what_is_delivered_after_a_replay_is_no_longer_parked(scene: Scene) -> None:
    first = an_event()
    scene.run(first, later(first, "CORRECTED"))
    scene.deliver("tax", first["id"])
    make_due(Deliveries(scene.hub.deliveries_db), Selection("tax"), Request("lan", "repaired", now_ms()))
    assert scene.status().agencies["tax"].parked == 2
    scene.deliver("tax")
    assert scene.status().agencies["tax"] == AgencyStatus(delivered=2, pending=0, parked=0, replayed=1)


def test_a_loop_killed_before_its_commit_makes_no_negative_counts(scene: Scene) -> None:
    scene.run(an_event())
    (record,) = scene.hub.log.scan(outbox("tax"), 0, 10)
    failure = Failure(Outcome.REJECTED, "constraint", "no")
    account = Account([Trial(record, failure, now_ms(), 0.1)], [], {}, now_ms())
    Deliveries(scene.hub.deliveries_db).record("tax", account)
    assert scene.status().agencies["tax"] == AgencyStatus(0, 1, 0, 0, record.at)


def test_the_oldest_undelivered_event_is_the_oldest_of_the_parked_and_the_pending(scene: Scene) -> None:
    death = an_event()
    scene.run(death)
    scene.deliver("tax", death["id"])
    time.sleep(0.005)
    scene.run(an_event())
    first: Record = scene.hub.log.scan(outbox("tax"), 0, 1)[0]
    assert scene.status().agencies["tax"].oldest == first.at
    make_due(Deliveries(scene.hub.deliveries_db), Selection("tax"), Request("lan", "repaired", now_ms()))
    deliver_once(scene.hub.feed("tax", Choosy()))
    assert scene.status().agencies["tax"].oldest is None


def test_ticks_are_no_events(tmp_path: Path) -> None:
    with open_scene(tmp_path, join=60, wait=60) as scene:
        death = an_event()
        scene.run(death, later(death, "ANNULLED"))
        assert scene.status().held == 1
        scene.hub.waiting().flush()
        assert scene.status().received == 2
        scene.decide()
        assert scene.status().received == 2
        assert scene.status().held == 0


def test_mass_runs_count_as_received_before_and_after_they_are_let_in(scene: Scene) -> None:
    scene.take(an_event("PersonDetailsCorrected", bulkid="run-1"), an_event())
    assert scene.status().received == 2
    scene.decide()
    assert scene.hub.lane().let_in()
    assert scene.status().received == 2
    scene.decide()
    assert scene.status().received == 2
