"""An agency that is away gets one event after each pause, and no other trouble; one that is suspended gets nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.course import Course, rest, suspended
from consumers.loop import deliver_forever
from consumers.outage import Patience
from hub.contacts import HUB, Suspension
from hub.deliveries import Request, State, Summary
from hub.deliveries.tables import held
from hub.destination import Event, Gone, Receipt, Rejection, Unavailable
from hub.eventlog import Batch, Outputs
from hub.observe import AgencyUnavailable
from replay.schedule import Schedule
from tests.consumers.agency import AGENCY, Scene, message


@dataclass
class Scripted:
    """Answers each call as told by what it is asked; ends the loop after so many calls or when told."""

    scene: Scene
    answer: Callable[[Sequence[Event], int], Receipt | Exception | None]
    stop: threading.Event = field(default_factory=threading.Event)
    most: int = 1000
    calls: list[list[str]] = field(default_factory=list)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self.calls.append([event.event_id for event in events])
        if len(self.calls) >= self.most:
            self.stop.set()
        answer = self.answer(events, len(self.calls))
        if isinstance(answer, Exception):
            raise answer
        return answer or self.scene.agency.deliver(events)


class StopWhenDone:
    """Ends the loop when the feed has been handed out and it rests for the second time."""

    def __init__(self, scene: Scene, stop: threading.Event, left: int = 200) -> None:
        self.scene, self.stop, self.left = scene, stop, left

    def is_set(self) -> bool:
        return self.stop.is_set()

    def wait(self, timeout: float, /) -> bool:
        self.scene.clock.seconds += timeout
        committed, last = self.scene.log.extent(self.scene.feed.topic, "deliver")
        self.left -= 1
        if self.left <= 0 or (committed == last and not self.scene.browser.is_due(AGENCY, 2**62)):
            self.stop.set()
        return self.stop.is_set()


def run(
    scene: Scene, answer: Callable[[Sequence[Event], int], Receipt | Exception | None], left: int = 200
) -> Scripted:
    """Let the loop run with such an agency, in the time of the scene, until it has nothing left to do."""
    agency = Scripted(scene, answer)
    scene.change(destination=agency)
    deliver_forever(scene.feed, StopWhenDone(scene, agency.stop, left))
    return agency


def _away_until(call: int) -> Callable[[Sequence[Event], int], Exception | None]:
    return lambda _, number: Unavailable("refused") if number < call else None


def test_after_an_outage_one_event_is_tried_and_then_whole_batches_come_again(scene: Scene) -> None:
    scene.join()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(10)))
    agency = run(scene, _away_until(4))
    assert [len(call) for call in agency.calls] == [10, 1, 1, 1, 9]
    assert sorted(scene.agency.ids) == [f"e{n}" for n in range(10)]


def test_a_dead_agency_is_asked_for_one_event_after_each_pause_and_no_more(scene: Scene) -> None:
    scene.join()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(100)))
    agency = run(scene, lambda *_: Unavailable("refused"), left=30)
    assert [len(call) for call in agency.calls] == [100] + [1] * 29
    assert scene.browser.summary(AGENCY) == Summary()
    assert len({call[0] for call in agency.calls[1:]}) > 20, "another event after each pause"


def test_the_first_event_makes_the_agency_fall_over_and_all_others_arrive(scene: Scene) -> None:
    scene.join()
    scene.agency.falls_over = {"e0"}
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(10)))
    run(scene, lambda *_: None)
    assert sorted(scene.agency.ids) == [f"e{n}" for n in range(1, 10)]
    assert [one.event_id for one in scene.browser.parked(AGENCY)] == ["e0"]


def test_a_poison_event_alone_in_the_feed_is_found_even_by_a_loop_that_has_just_begun(scene: Scene) -> None:
    scene.join()
    scene.publish(message("a1", "A"))
    run(scene, lambda *_: None)
    scene.agency.falls_over = {"b1"}
    scene.publish(message("b1", "B"))
    run(scene, lambda *_: None)
    assert [one.event_id for one in scene.browser.parked(AGENCY)] == ["b1"]
    assert scene.agency.ids == ["a1"]


def test_events_of_one_person_keep_their_order_through_an_outage(scene: Scene) -> None:
    scene.join()
    scene.publish(*(message(f"{person}{n}", person) for n in range(5) for person in "ab"))
    run(scene, _away_until(7))
    for person in "ab":
        assert [one for one in scene.agency.ids if one[0] == person] == [f"{person}{n}" for n in range(5)]


def test_a_rejection_is_an_answer_and_no_outage(scene: Scene) -> None:
    line = scene.join()
    scene.publish(message("a1", "A"), message("b1", "B"))
    run(scene, lambda events, _: Receipt([Rejection(one.event_id, "constraint", "no") for one in events]))
    line.contacts.flush()
    contact = line.contacts.of(AGENCY)
    assert (contact.failing, contact.last_ok_at is not None) == (None, True)
    assert scene.browser.summary(AGENCY) == Summary(parked=2)


def test_a_probe_that_is_rejected_closes_the_circuit_and_parks_that_event(scene: Scene) -> None:
    scene.join()
    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A"), message("a2", "A"), message("b1", "B"))
    agency = run(scene, _away_until(2))
    assert agency.calls == [["a1", "b1"], ["a1"], ["b1"]]
    kept = scene.browser.parked(AGENCY, states=list(State))
    assert [(one.event_id, one.state) for one in kept] == [("a1", State.PARKED), ("a2", State.WAITING)]


def test_an_outage_is_noted_with_its_reason_and_its_next_try_and_ends(scene: Scene) -> None:
    line = scene.join()
    scene.publish(message("a1", "A"))
    run(scene, lambda *_: Unavailable("refused by 001090012345"), left=2)
    line.contacts.flush()
    failing = line.contacts.of(AGENCY).failing
    assert failing is not None
    assert (failing.times, failing.reason) == (2, "refused by 001•••••••45")
    assert failing.next_try_at is not None
    run(scene, lambda *_: None)
    line.contacts.flush()
    assert line.contacts.of(AGENCY).failing is None
    (outage,) = line.contacts.outages(AGENCY)
    assert outage.attempts == 2
    assert outage.ended_at is not None


def test_what_an_agency_asks_for_is_the_pause_between_bounds(scene: Scene) -> None:
    scene.join()
    scene.publish(message("a1", "A"))
    asked = iter([120.0, 10**9, -5.0, float("nan"), float("inf"), 0.0])
    run(scene, lambda *_: Unavailable("busy", next(asked, None)), left=6)
    pauses = [one.pause for one in scene.happenings if isinstance(one, AgencyUnavailable)]
    assert pauses == [120.0, 300.0, 2.0, 4.0, 300.0, 16.0]


@given(st.integers(1, 10**6), st.one_of(st.none(), st.floats()))
def test_a_pause_is_never_shorter_than_our_own_nor_longer_than_bounds_allow(outages: int, asked: float | None) -> None:
    patience = Patience()
    pause = patience.pause(outages, asked)
    assert patience.pause(outages) <= pause <= max(patience.longest_asked, patience.longest_pause)


def test_a_replay_waits_through_an_outage_and_comes_afterwards(scene: Scene) -> None:
    scene.join()
    scene.agency.dislikes = {"a1", "b1"}
    scene.publish(message("a1", "A"), message("b1", "B"))
    run(scene, lambda *_: None)
    scene.agency.dislikes.clear()
    scene.store.make_due(held.c.agency == AGENCY, Request("lan", "mended", scene.clock.now))
    agency = run(scene, _away_until(5))
    assert sorted(scene.agency.ids) == ["a1", "b1"]
    assert [len(call) for call in agency.calls] == [2, 1, 1, 1, 1, 1][: len(agency.calls)]
    assert scene.browser.summary(AGENCY) == Summary(replayed=2)


def test_an_agency_that_wants_no_more_is_suspended_and_nothing_is_lost(scene: Scene) -> None:
    line = scene.join()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(5)))
    agency = run(scene, lambda *_: Gone("410 for 001090012345"), left=20)
    assert len(agency.calls) == 1
    suspension = line.contacts.of(AGENCY).suspended
    assert suspension is not None
    assert (suspension.by, suspension.reason) == (HUB, "the agency wants no more events: 410 for 001•••••••45")
    assert scene.log.extent(scene.feed.topic, "deliver") == (0, 5)
    line.contacts.resume(AGENCY, Suspension(1, "lan", "they are back"))
    run(scene, lambda *_: None)
    assert len(scene.agency.ids) == 5


def test_an_agency_that_says_so_in_a_search_for_a_culprit_is_suspended_too(scene: Scene) -> None:
    line = scene.join()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(5)))
    run(scene, lambda events, number: Gone("410") if number > 6 and len(events) == 1 else Unavailable("no"), left=30)
    assert line.contacts.of(AGENCY).suspended is not None
    assert scene.browser.summary(AGENCY) == Summary()


def test_a_suspended_agency_is_not_tried_and_goes_on_when_another_process_resumes_it(scene: Scene) -> None:
    line = scene.join()
    line.contacts.suspend(AGENCY, Suspension(1, "lan", "they move"))
    scene.publish(message("a1", "A"))
    turns: list[float] = []
    scene.change(on_turn=turns.append)
    agency = run(scene, lambda *_: None, left=5)
    assert agency.calls == []
    assert turns == [1.0] * 5
    line.contacts.resume(AGENCY, Suspension(2, "lan", "done"))
    run(scene, lambda *_: None)
    assert scene.agency.ids == ["a1"]


def test_a_suspension_ends_the_count_of_outages(scene: Scene) -> None:
    line = scene.join()
    line.contacts.suspend(AGENCY, Suspension(1, "lan", "they move"))
    course = Course(outages=7)
    assert suspended(scene.feed)
    rest(scene.feed, course)
    assert course.outages == 0


def test_what_comes_by_schedule_is_not_marked_as_replayed_but_what_an_operator_wanted_is(scene: Scene) -> None:
    scene.join()
    scene.change(schedule=Schedule((1000,)))
    scene.agency.dislikes = {"a1", "b1"}
    scene.publish(message("a1", "A"), message("b1", "B"))
    run(scene, lambda *_: None, left=1)
    assert scene.browser.summary(AGENCY) == Summary(due=2)
    scene.agency.dislikes = {"b1"}
    run(scene, lambda *_: None)
    assert scene.browser.summary(AGENCY) == Summary(parked=1, replayed=1)
    scene.agency.dislikes.clear()
    scene.store.make_due(held.c.agency == AGENCY, Request("lan", "mended", scene.clock.now))
    run(scene, lambda *_: None)
    assert scene.agency.applied("event_id, replayed") == [("a1", 0), ("b1", 1)]


@pytest.mark.parametrize("outages", [0, 1, 6])
def test_a_loop_that_lost_the_race_after_an_outage_does_no_harm(scene: Scene, outages: int) -> None:
    """Another loop takes the whole batch while this one has it in hand."""
    scene.join()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(4)))
    other = scene.feed

    class Late:
        append, commit = scene.log.append, scene.log.commit

        def read(self, topic: str, group: str, limit: int) -> Batch:
            batch = scene.log.read(topic, group, limit)
            for record in batch.records:
                other.destination.deliver(other.open_events(AGENCY, [record], replayed=False))  # type: ignore[arg-type]
            later = scene.log.read(topic, group, 1000)
            if later.records:
                scene.log.commit(later, Outputs())
            return batch

    scene.change(log=Late())
    run(scene, _away_until(outages + 1), left=10)
    assert sorted(scene.agency.ids) == [f"e{n}" for n in range(4)]
