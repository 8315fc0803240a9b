"""Replay marks parked deliveries as due; the delivery loop brings them, in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from consumers.feed import Progress
from consumers.loop import deliver_once
from hub.deliveries import FactKind, Request, State, Summary
from hub.destination import Event, Receipt, Unavailable
from hub.eventlog import Batch, Record
from replay.redeliver import estimate, make_due
from replay.schedule import Schedule
from replay.selection import Selection
from tests.consumers.agency import AGENCY, Scene, event_of, message

ALL = Selection(AGENCY)


def _replay(scene: Scene, selection: Selection = ALL) -> int:
    return make_due(scene.store, selection, Request("lan", "title was missing", scene.clock.now))


def _park(scene: Scene, *messages: str) -> None:
    """Publish events named after their person and let the first of each person be rejected."""
    scene.agency.dislikes |= {name for name in messages if name.endswith("1")}
    scene.publish(*(message(name, name[0].upper()) for name in messages))
    deliver_once(scene.feed)


def _drain(scene: Scene) -> Progress:
    total = Progress()
    while not (progress := deliver_once(scene.feed)).idle:
        total += progress
    return total


def test_a_replay_brings_the_parked_event_and_then_what_waited_behind_it(scene: Scene) -> None:
    _park(scene, "a1", "a2", "b1", "a3")
    scene.agency.dislikes.clear()
    assert scene.agency.ids == []
    assert _replay(scene, Selection(AGENCY, event_ids=["a1"])) == 1
    progress = _drain(scene)
    assert (progress.delivered, progress.replayed) == (3, 1)
    assert scene.agency.ids == ["a1", "a2", "a3"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, replayed=1)


def test_a_replayed_event_has_the_same_id_and_bytes_and_says_that_it_is_replayed(scene: Scene) -> None:
    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A", b"\x00\x01bytes"), message("a2", "A"))
    deliver_once(scene.feed)
    scene.agency.dislikes.clear()
    _replay(scene)
    _drain(scene)
    rows = scene.agency.applied("event_id, sequence, value, replayed")
    assert rows == [("a1", 1, b"\x00\x01bytes", 1), ("a2", 2, b"a2", 0)]


def test_a_replay_that_is_rejected_again_is_parked_again_with_one_more_attempt(scene: Scene) -> None:
    _park(scene, "a1", "a2")
    _replay(scene)
    _drain(scene)
    assert scene.agency.ids == []
    parked = scene.browser.parked(AGENCY)[0]
    assert (parked.state, parked.attempts) == (State.PARKED, 2)
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1)


def test_release_ends_at_the_next_rejection_and_the_rest_waits_behind_that(scene: Scene) -> None:
    _park(scene, "a1", "a2", "a3", "a4")
    scene.agency.dislikes = {"a3"}
    _replay(scene)
    _drain(scene)
    assert scene.agency.ids == ["a1", "a2"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1, replayed=1)
    scene.agency.dislikes.clear()
    _replay(scene)
    _drain(scene)
    assert scene.agency.ids == ["a1", "a2", "a3", "a4"]


def test_new_events_of_the_person_come_behind_those_being_released(scene: Scene) -> None:
    _park(scene, "a1", "a2", "a3")
    scene.agency.dislikes.clear()
    _replay(scene)
    scene.publish(message("a4", "A"), message("b2", "B"))
    deliver_once(scene.feed)
    assert scene.agency.ids == ["a1", "b2"]
    _drain(scene)
    assert scene.agency.ids == ["a1", "b2", "a2", "a3", "a4"]


def test_a_replay_without_a_name_or_a_reason_is_refused(scene: Scene) -> None:
    _park(scene, "a1")
    for request in (Request(" ", "why", 1), Request("lan", "", 1)):
        with pytest.raises(ValueError, match="reason"):
            make_due(scene.store, ALL, request)
    assert scene.browser.summary(AGENCY) == Summary(parked=1)


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(AGENCY), {"a1", "b1", "c1"}),
        (Selection("tax"), set()),
        (Selection(AGENCY, event_ids=[]), set()),
        (Selection(AGENCY, event_ids=["b1", "a2", "unknown"]), {"b1"}),
        (Selection(AGENCY, persons=["A", "C"]), {"a1", "c1"}),
        (Selection(AGENCY, error_class="unreadable"), {"c1"}),
        (Selection(AGENCY, error_class="constraint", persons=["B"]), {"b1"}),
        (Selection(AGENCY, type="BirthRegistered"), {"b1"}),
    ],
)
def test_a_selection_means_exactly_what_it_names(scene: Scene, selection: Selection, expected: set[str]) -> None:
    scene.agency.dislikes = {"a1", "b1"}
    scene.publish(
        message("a1", "A"),
        message("b1", "B", type_="BirthRegistered"),
        message("c1", "C", b"damaged"),
        message("a2", "A"),
    )
    deliver_once(scene.feed)
    assert estimate(scene.store, selection, scene.clock.now) == len(expected)
    assert _replay(scene, selection) == len(expected)
    due = {entry.event_id for entry in scene.browser.parked(AGENCY, states=[State.DUE])}
    assert due == expected


def test_what_is_due_already_keeps_its_first_request(scene: Scene) -> None:
    _park(scene, "a1")
    assert _replay(scene) == 1
    assert make_due(scene.store, ALL, Request("minh", "me too", scene.clock.now)) == 0
    request = scene.browser.parked(AGENCY)[0].request
    assert request == Request("lan", "title was missing", scene.clock.now)


def test_an_outage_leaves_a_replay_due_and_puts_it_off(scene: Scene) -> None:
    _park(scene, "a1", "a2")
    scene.agency.dislikes.clear()
    scene.agency.down = True
    _replay(scene)
    with pytest.raises(Unavailable):
        deliver_once(scene.feed)
    assert scene.browser.summary(AGENCY) == Summary(due=1, waiting=1)
    scene.agency.down = False
    assert deliver_once(scene.feed).idle
    scene.clock.seconds += 60
    _drain(scene)
    assert scene.agency.ids == ["a1", "a2"]


def test_a_replay_that_cannot_be_taken_does_not_hold_up_new_events(scene: Scene) -> None:
    _park(scene, "a1")
    scene.agency.falls_over = {"a1"}
    _replay(scene)
    scene.publish(message("b2", "B"))
    progress = deliver_once(scene.feed)
    assert scene.agency.ids == ["b2"]
    scene.clock.seconds += 60
    deliver_once(scene.feed, witness=progress.witness)
    parked = scene.browser.parked(AGENCY)[0]
    assert (parked.state, parked.attempts, parked.error_class) == (State.PARKED, 2, "unavailable")


def test_a_poison_event_among_replayed_ones_is_parked_again_and_the_others_arrive(scene: Scene) -> None:
    _park(scene, "a1", "b1", "c1")
    scene.agency.dislikes.clear()
    scene.agency.falls_over = {"b1"}
    _replay(scene)
    _drain(scene)
    assert sorted(scene.agency.ids) == ["a1", "c1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, replayed=2)


def test_protection_is_evaluated_again_when_replaying(scene: Scene) -> None:
    opened: list[tuple[str, list[str], bool]] = []

    def shielded(agency: str, records: Sequence[Record], *, replayed: bool) -> Sequence[Event]:
        opened.append((agency, [record.headers["ce_id"] for record in records], replayed))
        return [replace(event_of(record, replayed=replayed), data={"value": b"***"}) for record in records]

    _park(scene, "a1", "a2")
    scene.agency.dislikes.clear()
    scene.change(open_events=shielded)
    _replay(scene)
    _drain(scene)
    assert opened == [(AGENCY, ["a1"], True), (AGENCY, ["a2"], False)]
    assert scene.agency.applied("value") == [(b"***",), (b"***",)]


def test_a_schedule_brings_a_rejected_event_again_by_itself(scene: Scene) -> None:
    scene.change(schedule=Schedule((60_000,)))
    _park(scene, "a1", "a2")
    assert scene.browser.summary(AGENCY) == Summary(due=1, waiting=1)
    assert deliver_once(scene.feed).idle
    scene.clock.seconds += 61
    _drain(scene)
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1)
    assert scene.browser.parked(AGENCY)[0].attempts == 2


def test_an_operator_brings_a_scheduled_delivery_forward(scene: Scene) -> None:
    scene.change(schedule=Schedule((60_000,)))
    _park(scene, "a1")
    scene.agency.dislikes.clear()
    assert _replay(scene) == 1
    _drain(scene)
    assert scene.agency.ids == ["a1"]


class Numbers:
    """Who is who, as it changes."""

    def __init__(self) -> None:
        self.persons: list[set[str]] = []

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {key: next((sorted(p) for p in self.persons if key in p), [key]) for key in keys}


def test_after_a_merge_the_events_of_both_numbers_come_in_one_order(scene: Scene) -> None:
    numbers = Numbers()
    scene.change(same_person=numbers)
    _park(scene, "a1", "b1", "a2", "b2")
    numbers.persons = [{"A", "B"}]
    scene.publish(message("b3", "B"))
    deliver_once(scene.feed)
    scene.agency.dislikes.clear()
    _replay(scene, Selection(AGENCY, event_ids=["b1"]))
    _drain(scene)
    assert scene.agency.ids == []  # a1 comes before b1 now
    _replay(scene)
    _drain(scene)
    assert scene.agency.ids == ["a1", "b1", "a2", "b2", "b3"]


def test_when_a_merge_is_annulled_nothing_is_left_waiting_for_ever(scene: Scene) -> None:
    numbers = Numbers()
    scene.change(same_person=numbers)
    _park(scene, "a1")
    numbers.persons = [{"A", "B"}]
    scene.publish(message("b2", "B"))
    deliver_once(scene.feed)
    numbers.persons = []
    scene.publish(message("b3", "B"))
    deliver_once(scene.feed)
    scene.agency.dislikes.clear()
    _replay(scene)
    _drain(scene)
    assert scene.agency.ids == ["a1", "b2", "b3"]
    assert scene.browser.summary(AGENCY).held == 0


def test_an_event_that_begins_to_wait_while_another_loop_frees_the_way_is_not_forgotten(scene: Scene) -> None:
    _park(scene, "a1")
    scene.publish(message("a2", "A"), message("b2", "B"))

    class Meanwhile:
        """While it takes the batch, another loop replays a1."""

        def deliver(self, events: Sequence[Event]) -> Receipt:
            scene.agency.dislikes.clear()
            _replay(scene)
            due = replace(scene.feed, limit=1, log=Empty())
            deliver_once(due)
            return scene.agency.deliver(events)

    class Empty:
        append, commit = scene.log.append, scene.log.commit

        def read(self, topic: str, group: str, limit: int) -> Batch:
            return scene.log.read(f"{topic}.of.nobody", group, limit)

    deliver_once(replace(scene.feed, destination=Meanwhile()))
    assert scene.agency.ids == ["a1", "b2"]
    _drain(scene)
    assert scene.agency.ids == ["a1", "b2", "a2"]


def test_a_replay_of_thousands_goes_on_page_by_page_between_new_batches(scene: Scene) -> None:
    def opened_after_all(agency: str, records: Sequence[Record], *, replayed: bool) -> Sequence[Event]:
        assert (agency, len(records) <= 100) == (AGENCY, True)
        return [event_of(record, replayed=replayed) for record in records]

    scene.change(limit=100)
    scene.publish(*(message(f"e{n}", f"p{n}", b"damaged") for n in range(250)))
    _drain(scene)
    scene.change(open_events=opened_after_all)
    assert _replay(scene) == 250
    scene.publish(message("new", "Q"))
    progress = deliver_once(scene.feed)
    assert (progress.replayed, progress.delivered) == (100, 101)
    assert _drain(scene).replayed == 150


def test_the_story_tells_who_replayed_what_when_and_why(scene: Scene) -> None:
    _park(scene, "a1", "a2")
    scene.clock.seconds += 1
    _replay(scene)
    _drain(scene)
    scene.clock.seconds += 1
    scene.agency.dislikes.clear()
    make_due(scene.store, ALL, Request("minh", "title is there", scene.clock.now))
    _drain(scene)
    start = 1_800_000_000_000
    told = [(f.at - start, f.kind, f.attempt, f.by, f.reason or f.message) for f in scene.browser.story("a1")]
    assert told == [
        (0, FactKind.PARKED, 1, None, "no such title"),
        (1000, FactKind.REQUESTED, 0, "lan", "title was missing"),
        (1000, FactKind.PARKED, 2, None, "no such title"),
        (2000, FactKind.REQUESTED, 0, "minh", "title is there"),
        (2000, FactKind.DELIVERED, 3, "minh", None),
    ]
    waited = [(f.at - start, f.kind, f.by) for f in scene.browser.story("a2")]
    assert waited == [
        (0, FactKind.WAITING, None),
        (2000, FactKind.REQUESTED, "minh"),
        (2000, FactKind.DELIVERED, "minh"),
    ]
