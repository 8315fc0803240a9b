"""Mass runs have a lane of their own: they delay nobody, and keep each person's order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.bulk import BulkLane
from hub.eventlog import Message, Outputs
from hub.headers import ID
from hub.intake.desk import Desk, Sent
from hub.topics import DELIVER, RECEIVED, outbox
from tests.hub.making import ADMISSION, LAN, MAI, MOVE, NOW, Event, Hub, a_hub, event, next_of


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


def take(hub: Hub, *sent: Event, name: str = "file") -> None:
    desk = Desk(hub.log, hub.engine, ADMISSION, lambda: NOW)
    desk.take(name, [Sent(str(place), one) for place, one in enumerate(sent)])


def bulk(event_id: str, subject: str = LAN, **more: object) -> Event:
    return event("ResidenceChanged", event_id, MOVE, subject=subject, bulkid="run-1", **more)


def received(hub: Hub) -> list[str]:
    return [str(record.headers[ID]) for record in hub.topic(RECEIVED)]


def test_a_mass_run_waits_until_received_is_empty(hub: Hub) -> None:
    lane = BulkLane(hub.log, hub.engine, ["tax"], piece=2)
    take(hub, bulk("b1"), event("ResidenceChanged", "m1", MOVE, subject=MAI), bulk("b2"), bulk("b3"))
    assert not lane.let_in()
    assert received(hub) == ["m1"]
    hub.run()
    assert lane.let_in()
    assert not lane.let_in()
    assert received(hub) == ["m1", "b1", "b2"]
    hub.run()
    assert lane.let_in()
    hub.run()
    assert not lane.let_in()
    assert hub.ids("tax") == ["m1", "b1", "b2", "b3"]
    assert lane.count() == 0


def test_a_death_sent_during_a_mass_run_goes_first(hub: Hub) -> None:
    lane = BulkLane(hub.log, hub.engine, piece=2)
    take(hub, *(bulk(f"b{i}") for i in range(5)))
    assert lane.let_in()
    take(hub, event("DeathRegistered", "d1", {"died_on": "2025-08-04"}, subject=MAI), name="other")
    hub.run()
    while lane.let_in():
        hub.run()
    assert hub.ids("tax") == ["b0", "b1", "d1", "b2", "b3", "b4"]


def test_a_person_s_own_events_do_not_overtake_the_mass_run(hub: Hub) -> None:
    run = bulk("b1")
    take(hub, run, bulk("b2", subject=MAI))
    take(hub, next_of(run, "m2", "CORRECTED", bulkid=None), name="other")
    assert received(hub) == ["b1", "m2"]
    assert BulkLane(hub.log, hub.engine).count() == 1


def test_an_old_number_is_the_same_person(hub: Hub) -> None:
    hub.run(
        event("PersonalNumberChanged", "n1", {"old_number": LAN, "new_number": MAI, "changed_on": "2025-08-05"}),
    )
    take(hub, bulk("b1", subject=LAN))
    take(hub, event("ResidenceChanged", "m1", MOVE, subject=MAI), name="other")
    assert received(hub) == ["n1", "b1", "m1"]


def test_taking_the_same_mass_run_again_keeps_it_once(hub: Hub) -> None:
    lane = BulkLane(hub.log, hub.engine)
    take(hub, bulk("b1"), bulk("b2"))
    take(hub, bulk("b1"), bulk("b2"))
    assert lane.count() == 2
    assert lane.let_in()
    take(hub, bulk("b1"), bulk("b2"))
    assert lane.count() == 0
    assert received(hub) == ["b1", "b2"]


def test_killed_between_log_and_lane_it_lets_nothing_in_twice(hub: Hub) -> None:
    class Killed:
        """A log in a process that ends right after it appended."""

        def __init__(self) -> None:
            self.extent, self.mark = hub.log.extent, hub.log.mark

        def append(self, outputs: Outputs) -> None:
            hub.log.append(outputs)
            raise KeyboardInterrupt

    take(hub, bulk("b1"), bulk("b2"), bulk("b3"))
    with pytest.raises(KeyboardInterrupt):
        BulkLane(Killed(), hub.engine, piece=2).let_in()  # type: ignore[arg-type]
    hub.run()
    lane = BulkLane(hub.log, hub.engine, piece=2)
    while lane.let_in():
        hub.run()
    assert received(hub) == ["b1", "b2", "b3"]


def test_it_waits_for_a_feed_that_moves_but_not_for_a_dead_one(hub: Hub) -> None:
    lane = BulkLane(hub.log, hub.engine, ["tax"], piece=1)
    take(hub, *(bulk(f"b{i}") for i in range(4)))
    hub.log.append(Outputs({outbox("tax"): [Message("", b"", {ID: str(i)}) for i in range(2_200)]}))
    assert lane.let_in()  # nothing has moved: nobody knows whether anybody will
    hub.run()
    hub.log.commit(hub.log.read(outbox("tax"), DELIVER, 50), Outputs())
    assert not lane.let_in()  # moving, and far behind
    assert lane.let_in()  # it has stopped: dead
    hub.run()
    hub.log.commit(hub.log.read(outbox("tax"), DELIVER, 300), Outputs())
    assert lane.let_in()  # moving, and no longer far behind
