"""Alerts: the dead person's card, two places at once, silence; each raised once, told to whom it concerns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.audit import entries_of
from hub.edge import tables as t
from hub.edge.alerts import Alerts
from hub.edge.figures import figures
from hub.edge.oddities import Sighting, after_death, distant
from hub.edge.watch import MARKS_KEPT, look_for_silent
from tests.hub.edge.world import DAY, MINUTE, THRESHOLDS, World
from tests.hub.making import DEATH, LAN, MAI, NOW, event, next_of

#: Noon in Vietnam on 4 August 2025, the day of death in `DEATH`.
DEATH_DAY = 20304 * DAY + 5 * 3_600_000


def test_a_dead_persons_card_raises_an_alert_and_the_counter_is_told(world: World) -> None:
    counter = world.counter()
    world.hub.run(event("DeathRegistered", "d1", DEATH))
    told = world.one(counter)
    assert told.answer == {"life": "deceased", "card": "unknown", "alerts": ["deceased_card_used"]}
    alert = Alerts(world.engine).every()[0]
    assert (alert.kind, alert.event_id, alert.site_id) == ("deceased_card_used", told.id, "hospital-7")
    assert LAN not in str(world.rows(t.alerts))


def test_a_counter_that_may_not_know_of_a_death_is_not_told_but_the_alert_is_raised(world: World) -> None:
    counter = world.counter("bank-1")
    world.hub.run(event("DeathRegistered", "d1", DEATH))
    told = world.one(counter, purpose="bank-identification")
    assert told.answer == {"life": "unknown", "card": "unknown", "alerts": []}
    assert world.alerts() == ["deceased_card_used"]


def test_what_was_read_before_the_death_and_comes_late_is_no_alert(world: World) -> None:
    counter = world.counter()
    world.hub.run(event("DeathRegistered", "d1", {"died_on": "2026-11-21"}))
    told = world.one(counter, occurred_at=NOW - 2 * DAY)
    assert told.answer
    assert (told.answer["life"], told.answer["alerts"]) == ("deceased", [])
    assert world.alerts() == []


def test_the_day_of_the_death_itself_is_no_alert() -> None:
    assert not after_death(DEATH_DAY, 20304)
    assert not after_death(20304 * DAY - 7 * 3_600_000, 20304)  # its first moment, in Vietnam
    assert after_death(DEATH_DAY + DAY, 20304)
    assert after_death(DEATH_DAY, None)


def test_a_death_that_is_registered_after_the_card_was_used_raises_the_alert_then(world: World) -> None:
    counter = world.counter()
    world.watch.look(NOW)
    world.hub.run(event("ResidenceChanged", "m1"))
    used = world.one(counter)
    world.one(counter, MAI)
    world.watch.look(NOW)
    assert world.alerts() == []
    world.hub.run(event("DeathRegistered", "d1", DEATH))
    for _ in range(2):
        world.watch.look(NOW)
    assert [one.event_id for one in Alerts(world.engine).every()] == [used.id]
    world.hub.run(
        event("DeathRegistered", "d2", {"died_on": "2026-11-22"}, subject=MAI, time="2025-08-06T08:00:00+07:00")
    )
    world.watch.look(NOW)
    assert world.alerts() == ["deceased_card_used"]


def test_a_death_that_was_kept_back_for_a_while_is_not_missed(world: World) -> None:
    counter = world.counter()
    world.watch.look(NOW)
    world.one(counter)
    died = event("DeathRegistered", "d1", DEATH)
    world.hub.run(next_of(died, "d2", "CORRECTED"))  # its original never comes
    world.watch.look(NOW)
    assert world.alerts() == []
    world.hub.flush()
    world.watch.look(NOW)
    assert world.alerts() == ["deceased_card_used"]


def test_the_same_card_in_two_provinces_within_minutes_raises_one_alert(world: World) -> None:
    hanoi, saigon = world.counter("hospital-7", "01"), world.counter("bank-3", "79")
    first = world.one(hanoi)
    saigon.clock = hanoi.clock + 10 * MINUTE
    second = world.one(saigon)
    assert (first.answer, second.answer) == (
        {"life": "unknown", "card": "unknown", "alerts": []},
        {"life": "unknown", "card": "unknown", "alerts": ["two_sites"]},
    )
    alert = Alerts(world.engine).every()[0]
    assert (alert.detail["other_event"], alert.detail["other_site"], alert.detail["minutes"]) == (
        first.id,
        "hospital-7",
        10,
    )
    world.one(saigon, MAI)
    assert world.alerts() == ["two_sites"]


def test_a_person_is_recognised_under_an_earlier_number(world: World) -> None:
    hanoi, saigon = world.counter("hospital-7", "01"), world.counter("bank-3", "79")
    world.one(hanoi)
    changed = event("PersonalNumberChanged", "n1")
    changed["data"] |= {"old_number": LAN, "new_number": MAI}
    world.hub.run(changed)
    assert world.one(saigon, MAI).answer == {"life": "alive", "card": "unknown", "alerts": ["two_sites"]}


@pytest.mark.parametrize("case", ["same province", "no province", "later", "another person", "unsynced"])
def test_what_is_not_odd_raises_nothing(world: World, case: str) -> None:
    hanoi = world.counter("hospital-7", "01")
    other = world.counter("bank-3", {"same province": "01", "no province": None}.get(case, "79"))
    world.one(hanoi)
    other.clock = hanoi.clock + (31 * MINUTE if case == "later" else MINUTE)
    clock = "unsynced" if case == "unsynced" else "synced"
    world.one(other, MAI if case == "another person" else LAN, clock=clock)
    assert world.alerts() == []


@given(
    st.lists(
        st.builds(
            Sighting,
            st.sampled_from(["a", "b", "c", "d"]),
            st.integers(0, 100),
            st.just("site"),
            st.sampled_from(["01", "79", None]),
            st.sampled_from(["synced", "unsynced", "unknown"]),
        ),
        max_size=8,
    ),
    st.integers(0, 60),
)
def test_what_is_distant_from_one_is_distant_from_the_other(found: list[Sighting], within: int) -> None:
    for one in found:
        for other in distant(one, found, within):
            assert one in distant(other, found, within)
            assert one.province != other.province
            assert abs(one.occurred_at - other.occurred_at) <= within


def test_a_silent_device_is_told_once_for_each_silence(world: World) -> None:
    counter, gone = world.counter(), world.counter()
    world.devices.revoke(gone.device.device_id, "an", "not needed", NOW)
    world.one(counter)
    known = world.devices.get(counter.device.device_id)
    seen = (known and known.last_seen_at) or 0
    hours = int(THRESHOLDS.silent_hours * 3_600_000)
    look_for_silent(world.engine, THRESHOLDS, seen + hours)
    assert world.alerts() == []
    for _ in range(2):
        look_for_silent(world.engine, THRESHOLDS, seen + hours + 1)
    assert world.alerts() == ["device_silent"]
    counter.clock = seen + hours + 5
    world.one(counter)
    look_for_silent(world.engine, THRESHOLDS, seen + 3 * hours)
    assert world.alerts() == ["device_silent"] * 2


def test_a_lost_card_raises_an_alert(world: World) -> None:
    issued = event("IdentityCardIssued", "c1", {"document_number": "C1", "issued_on": "2021-03-01", "reason": "FIRST"})
    world.hub.run(issued, next_of(issued, "c2", "CEASED"))
    told = world.one(world.counter(), document_number="C1")
    assert told.answer == {"life": "alive", "card": "lost", "alerts": ["lost_card_used"]}
    assert world.alerts() == ["lost_card_used"]


def test_an_alert_is_acknowledged_with_a_reason_which_is_in_the_audit_trail(world: World) -> None:
    counter = world.counter()
    counter.sequence = 5
    world.one(counter)
    alerts = Alerts(world.engine)
    found = alerts.every()[0]
    assert alerts.acknowledge(found.id, "an", "the disk was replaced", NOW)
    assert not alerts.acknowledge(found.id, "an", "again", NOW)
    assert not alerts.acknowledge("0" * 16, "an", "no such", NOW)
    assert alerts.every() == []
    assert alerts.every(also_acknowledged=True)[0].acknowledged == (NOW, "an", "the disk was replaced")
    with world.engine.connect() as connection:
        last = entries_of(connection, counter.device.device_id)[-1].entry
    assert (last.action, last.by, last.reason) == ("edge.alert_acknowledged", "an", "the disk was replaced")


def test_persons_are_forgotten_when_they_are_not_needed_any_more(world: World) -> None:
    counter = world.counter()
    world.one(counter)
    world.watch.look(NOW + MARKS_KEPT)
    assert world.rows(t.events)[0].person_mark is not None
    world.watch.look(NOW + MARKS_KEPT + THRESHOLDS.window + DAY)
    assert world.rows(t.events)[0].person_mark is None


def test_the_figures_say_what_a_metric_needs(world: World) -> None:
    counter, other = world.counter(), world.counter("bank-3", "79")
    world.take(counter, counter.event(), counter.event(result="QR"), counter.failed(), counter.event(site_id="x"))
    counter.sequence += 2
    world.one(counter)
    found = figures(world.engine)
    assert sorted(one.site_id for one in found.heard if one.last_seen_at is None) == ["bank-3"]
    assert {one.device_id for one in found.heard} == {counter.device.device_id, other.device.device_id}
    assert {(one.purpose, one.outcome): one.times for one in found.counts} == {
        ("", "refused:site_mismatch"): 1,
        ("health-check-in", "CHIP_PA"): 2,
        ("health-check-in", "QR"): 1,
        ("health-check-in", "not_genuine"): 1,
    }
    assert found.open_alerts == {"sequence_gap": 1}
