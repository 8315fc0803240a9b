"""A feed that an operator has rewound comes once more, in order, before anything new."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from consumers.again import deliver_again
from consumers.line import Line
from consumers.loop import deliver_forever, deliver_once
from consumers.outage import Effort
from consumers.positions import position_before
from hub.contacts import Rewind
from hub.deliveries import Request, State, Summary
from hub.deliveries.tables import held
from hub.destination import Event, Receipt, Rejection, Unavailable
from tests.consumers.agency import AGENCY, Scene, event_of, message

WHY = Request("lan", "a backup was restored", 1)


class Restored:
    """An agency that has lost what it knew: it takes everything, and notes how it came."""

    def __init__(self, *dislikes: str, falls_over: str = "") -> None:
        self.dislikes, self.falls_over = set(dislikes), falls_over
        self.came: list[tuple[str, bool]] = []
        self.calls = 0
        self.down = False

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self.calls += 1
        if self.down or self.falls_over in {event.event_id for event in events}:
            raise Unavailable("refused")
        self.came += [(one.event_id, one.replayed) for one in events if one.event_id not in self.dislikes]
        refused = [one.event_id for one in events if one.event_id in self.dislikes]
        return Receipt([Rejection(one, "constraint", "no") for one in refused])

    @property
    def ids(self) -> list[str]:
        return [event_id for event_id, _ in self.came]


def _handed_out(scene: Scene, *messages: str) -> Line:
    """Publish events named after their person, and hand them out."""
    line = scene.join()
    scene.publish(*(message(name, name[0].upper()) for name in messages))
    while not deliver_once(scene.feed).idle:
        ...
    return line


def _ask(scene: Scene, line: Line, after: int = 0) -> Rewind:
    committed, _ = scene.log.extent(scene.feed.topic, "deliver")
    return line.rewinds.ask(AGENCY, after, committed, WHY)


def _run(scene: Scene, agency: Restored, turns: int = 1000) -> None:
    """Let the loop run until it rests."""
    stop = threading.Event()

    class Resting:
        left = turns

        def is_set(self) -> bool:
            self.left -= 1
            return self.left < 0 or stop.is_set()

        def wait(self, timeout: float, /) -> bool:
            scene.clock.seconds += timeout
            if timeout == scene.feed.patience.idle_pause:
                stop.set()
            return stop.is_set()

    scene.change(destination=agency)
    deliver_forever(scene.feed, Resting())


def test_what_was_delivered_comes_once_more_marked_and_new_events_wait_behind(scene: Scene) -> None:
    line = _handed_out(scene, "a1", "b1", "a2", "c1")
    _ask(scene, line, after=1)
    scene.publish(message("a3", "A"))
    agency = Restored()
    _run(scene, agency)
    assert sorted(agency.came[:-1]) == [("a2", True), ("b1", True), ("c1", True)]
    assert agency.came[-1] == ("a3", False)
    (rewind,) = line.rewinds.of(AGENCY)
    assert (rewind.taken, rewind.refused, rewind.reached) == (3, 0, 4)
    assert rewind.ended_at is not None
    assert scene.browser.summary(AGENCY) == Summary()


def test_each_persons_order_is_kept_page_by_page(scene: Scene) -> None:
    names = [f"{person}{n:02}" for n in range(30) for person in "abc"]
    line = _handed_out(scene, *names)
    _ask(scene, line)
    scene.change(limit=7)
    agency = Restored()
    _run(scene, agency)
    for person in "abc":
        assert [one for one in agency.ids if one[0] == person] == [one for one in names if one[0] == person]


def test_what_is_refused_now_is_parked_and_later_events_of_the_person_wait_until_a_replay(scene: Scene) -> None:
    line = _handed_out(scene, "a1", "a2", "b1", "a3")
    _ask(scene, line)
    scene.change(limit=2)
    scene.publish(message("a4", "A"))
    agency = Restored("a1")
    _run(scene, agency)
    assert agency.ids == ["b1"]
    kept = scene.browser.parked(AGENCY, states=list(State))
    assert [(one.event_id, one.state) for one in kept] == [
        ("a1", State.PARKED),
        ("a2", State.WAITING),
        ("a3", State.WAITING),
        ("a4", State.WAITING),
    ]
    agency.dislikes.clear()
    scene.store.make_due(held.c.agency == AGENCY, Request("lan", "mended", scene.clock.now))
    _run(scene, agency)
    assert agency.ids == ["b1", "a1", "a2", "a3", "a4"]
    assert scene.browser.summary(AGENCY).held == 0


def test_what_the_agency_never_took_is_left_to_its_first_delivery(scene: Scene) -> None:
    scene.agency.dislikes = {"a2"}
    line = _handed_out(scene, "a1", "a2", "b1", "a3")
    _ask(scene, line)
    agency = Restored()
    _run(scene, agency)
    assert sorted(agency.ids) == ["a1", "b1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1)


def test_a_rewind_goes_on_where_a_killed_loop_left_it(scene: Scene) -> None:
    class Killed(BaseException):
        pass

    class Dying(Restored):
        def deliver(self, events: Sequence[Event]) -> Receipt:
            if self.calls == 3:
                raise Killed
            return super().deliver(events)

    line = _handed_out(scene, *(f"{chr(97 + n)}1" for n in range(10)))
    _ask(scene, line)
    scene.change(limit=2)
    dying = Dying()
    with pytest.raises(Killed):
        _run(scene, dying)
    agency = Restored()
    _run(scene, agency)
    assert len(dying.ids) == 6
    assert sorted(dying.ids + agency.ids) == sorted(f"{chr(97 + n)}1" for n in range(10))


def test_a_page_that_was_taken_by_a_loop_that_died_before_it_could_note_that_comes_again_in_order(scene: Scene) -> None:
    class Killed(BaseException):
        pass

    class Dying(Restored):
        def deliver(self, events: Sequence[Event]) -> Receipt:
            receipt = super().deliver(events)
            if self.calls == 3:
                raise Killed
            return receipt

    names = [f"{person}{n}" for n in range(4) for person in "ab"]
    line = _handed_out(scene, *names)
    _ask(scene, line)
    scene.change(limit=3)
    agency = Dying()
    with pytest.raises(Killed):
        _run(scene, agency)
    _run(scene, agency)
    assert set(agency.ids) == set(names)
    for person in "ab":
        first_times = list(dict.fromkeys(one for one in agency.ids if one[0] == person))
        assert first_times == [one for one in names if one[0] == person]
    assert scene.browser.summary(AGENCY) == Summary()


def test_an_outage_puts_a_rewind_off_and_one_event_asks_whether_it_is_over(scene: Scene) -> None:
    line = _handed_out(scene, *(f"{chr(97 + n)}1" for n in range(10)))
    _ask(scene, line)
    agency = Restored()
    agency.down = True
    _run(scene, agency, turns=4)
    assert (agency.calls, line.rewinds.of(AGENCY)[0].reached) == (4, 0)
    agency.down = False
    _run(scene, agency)
    assert len(agency.ids) == 10
    assert scene.browser.summary(AGENCY) == Summary()


def test_an_event_that_the_agency_falls_over_now_is_parked_and_the_rest_of_the_rewind_arrives(scene: Scene) -> None:
    line = _handed_out(scene, *(f"{chr(97 + n)}1" for n in range(10)))
    _ask(scene, line)
    agency = Restored(falls_over="a1")
    _run(scene, agency)
    assert set(agency.ids) == {f"{chr(97 + n)}1" for n in range(1, 10)}
    assert [one.event_id for one in scene.browser.parked(AGENCY)] == ["a1"]


def test_a_cancelled_rewind_ends_and_new_events_go_on(scene: Scene) -> None:
    line = _handed_out(scene, *(f"{chr(97 + n)}1" for n in range(10)))
    _ask(scene, line)
    scene.change(limit=2)
    agency = Restored()
    _run(scene, agency, turns=2)
    assert len(agency.ids) == 4
    line.rewinds.cancel(AGENCY, Request("minh", "enough", 5))
    scene.publish(message("z1", "Z"))
    _run(scene, agency)
    assert agency.ids[4:] == ["z1"]


def test_what_was_delivered_before_the_rewind_was_noticed_comes_again_too(scene: Scene) -> None:
    line = _handed_out(scene, "a1", "b1")
    _ask(scene, line)
    scene.publish(message("a2", "A"))
    deliver_once(replace(scene.feed, line=None))  # by a loop that has not looked yet
    agency = Restored()
    _run(scene, agency)
    assert agency.came == [("a1", True), ("b1", True), ("a2", True)]


def test_a_second_loop_that_is_quicker_is_noticed(scene: Scene) -> None:
    line = _handed_out(scene, "a1", "b1")
    _ask(scene, line)
    second = Restored()

    class Slow(Restored):
        def deliver(self, events: Sequence[Event]) -> Receipt:
            deliver_again(replace(scene.feed, destination=second), Effort())
            return super().deliver(events)

    first = replace(scene.feed, destination=Slow())
    progress = deliver_again(first, Effort())
    assert progress is not None
    assert progress.moved
    assert line.rewinds.of(AGENCY)[0].taken == 2


def test_protection_and_entitlement_of_today_hold_for_a_rewind(scene: Scene) -> None:
    line = _handed_out(scene, "a1", "b1")
    _ask(scene, line)

    def shielded(_agency: str, records: Sequence[object], *, replayed: bool) -> Sequence[Event]:
        return [replace(event_of(r, replayed=replayed), data={"value": b"***"}) for r in records]  # type: ignore[arg-type]

    scene.change(open_events=shielded, may_have=lambda _, records: {r.position: "no_consent" for r in records[:1]})
    seen: list[Event] = []

    class Seeing(Restored):
        def deliver(self, events: Sequence[Event]) -> Receipt:
            seen.extend(events)
            return super().deliver(events)

    _run(scene, Seeing())
    assert [(one.event_id, one.data, one.replayed) for one in seen] == [("b1", {"value": b"***"}, True)]


def test_a_rewind_of_what_the_log_no_longer_keeps_ends(scene: Scene) -> None:
    line = _handed_out(scene, "a1")
    line.rewinds.ask(AGENCY, 1, 500, WHY)
    _run(scene, Restored())
    assert line.rewinds.of(AGENCY)[0].ended_at is not None


def test_a_loop_without_a_line_has_nothing_to_rewind(scene: Scene) -> None:
    scene.publish(message("a1", "A"))
    assert deliver_again(scene.feed, Effort()) is None


def test_the_place_of_a_moment_is_found_however_the_times_repeat(scene: Scene) -> None:
    scene.publish(message("a1", "A"), message("b1", "B"))
    records = scene.log.scan(scene.feed.topic, 0, 10)
    first = records[0].at
    topic = scene.feed.topic
    assert position_before(scene.log, topic, first, 2) == 0
    assert position_before(scene.log, topic, first - 1, 2) == 0
    assert position_before(scene.log, topic, records[-1].at + 1, 2) == 2
    assert position_before(scene.log, topic, 0, 0) == 0
