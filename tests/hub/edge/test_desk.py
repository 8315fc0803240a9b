"""The desk: what counters report reaches those entitled, exactly once, however often it is cut off and sent again."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
import sqlalchemy as sa

from hub.deliveries.tables import metadata
from hub.edge import tables as t
from hub.edge.chain import Signed
from hub.edge.desk import EdgeDesk, Result
from hub.edge.ledger import UnknownDevice
from hub.eventlog import LogUnavailable
from hub.intake.desk import Desk
from hub.topics import REFUSED
from tests.hub.edge.world import Counter, World
from tests.hub.making import LAN, MAI, event

ANSWERED = {"life": "unknown", "card": "unknown", "alerts": []}


def states(results: list[Result]) -> list[str]:
    return [one.state for one in results]


def test_a_check_in_reaches_insurance_and_welfare_and_nobody_else(world: World) -> None:
    counter = world.counter()
    told = world.one(counter, document_number="KX4711", purpose="health-check-in")
    world.hub.run()
    assert (told.sequence, told.state, told.reason, told.answer) == (1, "taken", None, ANSWERED)
    for agency in ("insurance", "welfare"):
        seen = world.hub.sent_to(agency)
        assert [one["event_id"] for one in seen] == [told.id]
        assert (seen[0]["subject"], seen[0]["site_id"], seen[0]["result"]) == (LAN, "hospital-7", "CHIP_PA")
        assert "KX4711" not in str(seen)
    assert [world.hub.ids(name) for name in ("tax", "land", "bank")] == [[], [], []]


def test_no_agency_learns_who_goes_to_which_bank_or_through_which_door(world: World) -> None:
    counter = world.counter()
    told = [world.one(counter, purpose=purpose) for purpose in ("bank-identification", "entry", "proof-of-life")]
    world.hub.run()
    assert [(one.state, one.answer) for one in told] == [("taken", ANSWERED)] * 3
    assert world.hub.ids("insurance") == world.hub.ids("welfare") == [told[2].id]
    assert {row.purpose for row in world.rows(t.tallies)} == {"bank-identification", "entry", "proof-of-life"}


def test_a_card_that_says_nothing_about_anybody_is_counted_and_goes_nowhere(world: World) -> None:
    counter = world.counter()
    told = world.take(
        counter, counter.failed("not_genuine"), counter.failed("dg13_hash"), counter.failed("not_genuine")
    )
    world.hub.run()
    assert [(one.state, one.answer) for one in told] == [("taken", None)] * 3
    assert world.hub.ids("insurance") == []
    counts = {(row.purpose, row.outcome): row.count for row in world.rows(t.tallies)}
    assert counts == {("health-check-in", "not_genuine"): 2, ("health-check-in", "dg13_hash"): 1}


def test_what_is_sent_again_is_answered_again_and_taken_once(world: World) -> None:
    counter = world.counter()
    signed = [counter.event(), counter.failed(), counter.event(MAI)]
    first = world.take(counter, *signed)
    again = world.take(counter, *signed)
    twice = world.take(counter, *[counter.event()] * 2)
    world.hub.run()
    assert (states(first), states(again), states(twice)) == (["taken"] * 3, ["repeated"] * 3, ["taken"] * 2)
    assert [one.answer for one in again] == [one.answer for one in first]
    assert len(world.hub.ids("insurance")) == len(set(world.hub.ids("insurance"))) == 3
    assert world.hub.set_aside("duplicates") == []


def test_what_intake_refuses_is_refused_and_kept_whole(world: World) -> None:
    counter = world.counter()
    wrong = counter.event("001190111111"[:3] + "990111111")  # born in 2399
    told = world.take(counter, wrong, counter.event())
    again = world.take(counter, wrong)
    world.hub.run()
    assert [(one.state, one.reason) for one in told] == [("refused", "before_birth"), ("taken", None)]
    assert again == told[:1]
    kept = [orjson.loads(record.value) for record in world.hub.topic(REFUSED)]
    assert [one["id"] for one in kept] == [told[0].id]
    assert world.devices.every()[0].refused == 1


def test_what_was_signed_and_refused_is_kept_sealed_and_no_number_is_in_the_database(world: World) -> None:
    counter = world.counter()
    signed = [counter.event(site_id="elsewhere"), counter.event(purpose="one-stop"), counter.event(LAN)]
    told = world.take(counter, *signed)
    world.take(counter, *signed)
    assert [one.reason for one in told] == ["site_mismatch", "purpose_not_granted", None]
    assert sorted(row.sealed for row in world.rows(t.refused)) == sorted(one.sealed for one in signed[:2])
    everything = str([world.rows(table) for table in metadata.sorted_tables if table.name.startswith("edge")])
    assert LAN not in everything
    assert world.devices.every()[0].refused == 2


def test_nobody_has_a_desk_for_a_device_that_was_never_enrolled(world: World) -> None:
    counter = world.counter()
    with pytest.raises(UnknownDevice):
        world.desk.take("edge-0000000000", [counter.event()])


def test_one_device_can_not_speak_for_another(world: World) -> None:
    one, other = world.counter(), world.counter()
    told = world.desk.take(one.device.device_id, [other.event()])
    assert told[0].reason == "device_mismatch"
    assert [device.last_sequence for device in world.devices.every()] == [0, 0]
    assert [device.last_seen_at for device in world.devices.every()] == [None, None]


def test_a_gap_is_flagged_and_explained_when_the_device_says_that_they_grew_too_old(world: World) -> None:
    counter = world.counter()
    world.one(counter)
    counter.sequence += 3
    world.one(counter)
    assert world.alerts() == ["sequence_gap"]
    assert world.devices.every()[0].missing == 3
    world.one(counter, None, kind="expired", result=None, expired=[[2, 4]])
    assert world.alerts() == ["events_expired"]


def test_a_copied_device_raises_an_alert_once_a_day(world: World) -> None:
    counter = world.counter()
    twin = Counter(counter.device, counter.key)
    world.take(counter, *[counter.event() for _ in range(4)])
    twin.clock += 60_000
    assert [one.reason for one in world.take(twin, twin.event(), twin.event())] == ["sequence_regression"] * 2
    assert world.alerts() == ["sequence_regression"]
    assert len(world.rows(t.refused)) == 2


def test_a_replayed_id_is_refused_also_from_another_device(world: World) -> None:
    one, other = world.counter(), world.counter()
    first = world.one(one)
    assert world.one(other, id=first.id).reason == "replay"
    assert world.alerts() == ["replay"]
    world.hub.run()
    assert world.hub.ids("insurance") == [first.id]


class Killed(Exception):
    """The process ends here."""


def breaking(at: str, desk: EdgeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """End the process before or after one of the steps."""
    owner, name, before = {
        "before its place is kept": (desk._ledger, "enter", True),
        "after its place was kept": (desk._ledger, "enter", False),
        "before the log": (desk._desk._log, "append", True),
        "after the log": (desk._desk._log, "append", False),
        "before it is settled": (desk._settling, "settle", True),
        "after it was settled": (desk._settling, "settle", False),
    }[at]
    whole: Callable[..., object] = getattr(owner, name)

    def cut(*given: object, **named: object) -> object:
        if not before:
            whole(*given, **named)
        raise Killed

    monkeypatch.setattr(owner, name, cut)


@pytest.mark.parametrize(
    "at",
    [
        "before its place is kept",
        "after its place was kept",
        "before the log",
        "after the log",
        "before it is settled",
        "after it was settled",
    ],
)
def test_killed_anywhere_and_sent_again_each_event_is_taken_once(
    world: World, at: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = world.counter()
    signed = [counter.event(), counter.failed(), counter.event(MAI), counter.event(site_id="elsewhere")]
    breaking(at, world.desk, monkeypatch)
    with pytest.raises(Killed):
        world.take(counter, *signed)
    monkeypatch.undo()
    world.desk = world.new_desk()  # another process
    told = world.take(counter, *signed, counter.event())
    world.hub.run()
    assert {one.state for one in (*told[:3], told[4])} <= {"taken", "repeated"}
    assert (told[3].state, told[3].reason) == ("refused", "site_mismatch")
    assert all(one.answer == ANSWERED for one in (told[0], told[2]))
    assert world.hub.ids("insurance") == [told[0].id, told[2].id, told[4].id]
    assert world.hub.ids("welfare") == world.hub.ids("insurance")
    device = world.devices.every()[0]
    assert (device.last_sequence, device.missing, device.refused) == (5, 0, 1)
    counts = {row.outcome: row.count for row in world.rows(t.tallies)}
    assert counts == {"CHIP_PA": 3, "not_genuine": 1, "refused:site_mismatch": 1}
    assert world.alerts() == []


def test_while_the_log_is_away_nothing_is_promised_and_afterwards_the_same_is_taken(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter = world.counter()
    signed = counter.event()

    def away(*_: object) -> None:
        raise LogUnavailable("log.db: away")

    monkeypatch.setattr(world.hub.log, "append", away)
    with pytest.raises(LogUnavailable):
        world.take(counter, signed)
    monkeypatch.undo()
    assert states(world.take(counter, signed)) == ["taken"]
    world.hub.run()
    assert len(world.hub.ids("insurance")) == 1


def test_two_processes_that_take_the_same_at_once_take_it_once(world: World) -> None:
    counter = world.counter()
    signed = [counter.event() for _ in range(20)]
    world.hub.clock.now = counter.clock
    desks = [world.new_desk() for _ in range(3)]
    with ThreadPoolExecutor(3) as pool:
        told = list(pool.map(lambda desk: desk.take(counter.device.device_id, signed), desks))
    world.hub.run()
    assert {one.state for results in told for one in results} <= {"taken", "repeated"}
    assert sorted(set(world.hub.ids("insurance"))) == sorted(world.hub.ids("insurance"))
    assert len(world.hub.ids("insurance")) == 20
    assert world.devices.every()[0].last_sequence == 20
    assert {row.outcome: row.count for row in world.rows(t.tallies)} == {"CHIP_PA": 20}


def test_two_devices_at_two_processes_do_not_wait_for_each_other(world: World) -> None:
    counters = [world.counter() for _ in range(4)]
    work = [(world.new_desk(), counter, [counter.event() for _ in range(5)]) for counter in counters]
    world.hub.clock.now = counters[0].clock

    def take(one: tuple[EdgeDesk, Counter, list[Signed]]) -> list[Result]:
        desk, counter, signed = one
        return [result for event in signed for result in desk.take(counter.device.device_id, [event])]

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(take, work))
    world.hub.run()
    assert {one.state for results in told for one in results} == {"taken"}
    assert len(world.hub.ids("insurance")) == 20


def test_an_event_of_another_source_may_have_the_id_already(world: World) -> None:
    """Nobody can foresee a UUID; whoever is first has it, and the pipeline drops the other, as for every source."""
    counter = world.counter()
    signed = counter.event()
    there = event("ResidenceChanged", orjson.loads(signed.payload)["id"])
    Desk.take(world.intake(), "file:a", [])
    world.hub.run(there)
    assert world.take(counter, signed)[0].state == "taken"
    world.hub.run()
    assert world.hub.set_aside("duplicates") == [(there["id"], "event_id")]


def test_the_tables_are_asked_by_their_keys(embedded: World) -> None:
    """What a busy hub asks for each request must not read the whole table."""
    with embedded.engine.connect() as connection:
        for query in (
            "SELECT * FROM edge_events WHERE person_mark IN (SELECT value FROM json_each('[]')) "
            "AND person_mark IS NOT NULL AND occurred_at BETWEEN 1 AND 2",
            "SELECT event_id FROM edge_events WHERE event_id IN (SELECT value FROM json_each('[]'))",
        ):
            plan = str(connection.execute(sa.text(f"EXPLAIN QUERY PLAN {query}")).all())
            assert "SCAN edge_events" not in plan, plan
