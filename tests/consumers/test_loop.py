"""One agency's feed is handed out in order, whatever the agency answers."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import replace

import pytest

from consumers.feed import Progress
from consumers.loop import deliver_forever, deliver_once
from consumers.outage import Patience
from hub import headers as h
from hub.deliveries import Request, State, Summary
from hub.deliveries.tables import held
from hub.destination import Event, Receipt, Rejection, Unavailable
from hub.eventlog import Batch, Message, Outputs
from hub.observe import AgencyUnavailable, BatchDelivered
from schemas.conversion import rfc3339
from tests.consumers.agency import AGENCY, Scene, message


def test_a_feed_is_handed_out_in_order_and_once(scene: Scene) -> None:
    scene.publish(*(message(f"e{n}", f"p{n % 3}") for n in range(10)))
    scene.change(limit=4)
    while not deliver_once(scene.feed).idle:
        ...
    assert sorted(scene.agency.ids) == sorted(f"e{n}" for n in range(10))
    for person in range(3):
        mine = [event_id for event_id in scene.agency.ids if int(event_id[1:]) % 3 == person]
        assert mine == sorted(mine)
    assert scene.log.extent(scene.feed.topic, "deliver") == (10, 10)


def test_no_call_carries_two_events_of_one_person(scene: Scene) -> None:
    scene.publish(message("a1", "A"), message("a2", "A"), message("b1", "B"), message("a3", "A"))
    deliver_once(scene.feed)
    assert scene.agency.calls == [["a1", "b1"], ["a2"], ["a3"]]


def test_a_rejected_event_is_parked_whole_and_later_events_of_the_person_wait(scene: Scene) -> None:
    scene.agency.dislikes = {"a2"}
    scene.publish(
        message("a1", "A"), message("a2", "A", b"\0bytes"), message("b1", "B"), message("a3", "A"), message("a4", "A")
    )
    progress = deliver_once(scene.feed)
    assert replace(progress, witness=None) == Progress(delivered=2, rejected=1, waiting=2, committed=5)
    assert scene.agency.ids == ["a1", "b1"]
    parked, third, fourth = scene.browser.parked(AGENCY, states=list(State))
    assert parked.record.value == b"\0bytes"
    assert parked.record == scene.log.scan(scene.feed.topic, 1, 1)[0]
    assert (parked.state, parked.attempts, parked.error_class) == (State.PARKED, 1, "constraint")
    assert (third.event_id, third.state, third.behind) == ("a3", State.WAITING, 2)
    assert (fourth.event_id, fourth.state, fourth.behind) == ("a4", State.WAITING, 4)


def test_later_batches_wait_behind_what_is_parked_while_everyone_elses_go_on(scene: Scene) -> None:
    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A"))
    deliver_once(scene.feed)
    scene.publish(message("a2", "A"), message("b1", "B"))
    deliver_once(scene.feed)
    scene.publish(message("a3", "A"), message("b2", "B"))
    deliver_once(scene.feed)
    assert scene.agency.ids == ["b1", "b2"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=2)
    committed, _ = scene.log.extent(scene.feed.topic, "deliver")
    assert committed - scene.browser.summary(AGENCY).held == len(scene.agency.ids)


def test_what_is_parked_for_one_agency_holds_up_no_other(scene: Scene) -> None:
    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A"))
    deliver_once(scene.feed)
    other = replace(scene.feed, agency="tax")
    scene.log.append(Outputs({other.topic: [message("a2", "A")]}))
    deliver_once(other)
    assert scene.agency.ids == ["a2"]


def test_an_outage_parks_nothing_and_the_same_batch_comes_again(scene: Scene) -> None:
    scene.publish(message("a1", "A"), message("b1", "B"))
    scene.agency.down = True
    for outages in range(8):
        with pytest.raises(Unavailable):
            deliver_once(scene.feed, outages)
    assert scene.browser.summary(AGENCY) == Summary()
    assert scene.log.extent(scene.feed.topic, "deliver") == (0, 2)
    scene.agency.down = False
    deliver_once(scene.feed, 8)
    assert scene.agency.ids == ["a1", "b1"]


def test_an_outage_in_the_middle_of_the_search_parks_nothing(scene: Scene) -> None:
    class Dying:
        """Takes single events until it dies."""

        def __init__(self) -> None:
            self.left = 3

        def deliver(self, events: Sequence[Event]) -> Receipt:
            if len(events) > 1 or self.left == 0:
                raise Unavailable("gone")
            self.left -= 1
            return scene.agency.deliver(events)

    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(10)))
    scene.change(destination=Dying())
    with pytest.raises(Unavailable):
        deliver_once(scene.feed, 5)
    assert scene.browser.summary(AGENCY) == Summary()
    assert len(scene.agency.ids) == 3


def test_an_event_that_met_a_short_outage_during_the_search_is_tried_again_before_it_is_parked(scene: Scene) -> None:
    class Blinking:
        """Takes no large batch, and is away for its second single event."""

        singles = 0

        def deliver(self, events: Sequence[Event]) -> Receipt:
            self.singles += len(events) == 1
            if len(events) > 1 or self.singles == 2:
                raise Unavailable("gone")
            return scene.agency.deliver(events)

    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(4)))
    scene.change(destination=Blinking())
    deliver_once(scene.feed, 5)
    assert len(scene.agency.ids) == 4
    assert scene.browser.summary(AGENCY) == Summary()


def test_a_poison_event_is_parked_after_some_outages_and_its_feed_goes_on(scene: Scene) -> None:
    scene.agency.falls_over = {"b1"}
    scene.publish(message("a1", "A"), message("b1", "B"), message("c1", "C"), message("b2", "B"))
    for outages in range(5):
        with pytest.raises(Unavailable):
            deliver_once(scene.feed, outages)
    assert scene.browser.summary(AGENCY) == Summary()
    deliver_once(scene.feed, 5)
    assert sorted(scene.agency.ids) == ["a1", "c1"]
    parked, waiting = scene.browser.parked(AGENCY, states=list(State))
    assert (parked.event_id, parked.state, parked.error_class) == ("b1", State.PARKED, "unavailable")
    assert (waiting.event_id, waiting.state) == ("b2", State.WAITING)


def test_a_poison_event_behind_a_good_one_of_the_same_person_is_found(scene: Scene) -> None:
    scene.agency.falls_over = {"a2"}
    scene.publish(message("a1", "A"), message("a2", "A"))
    deliver_once(scene.feed, 5)
    assert scene.agency.ids == ["a1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1)


def test_a_poison_event_alone_in_its_batch_is_found_when_the_agency_takes_an_earlier_one_again(
    scene: Scene,
) -> None:
    scene.publish(message("a1", "A"))
    witness = deliver_once(scene.feed).witness
    scene.agency.falls_over = {"b1"}
    scene.publish(message("b1", "B"))
    with pytest.raises(Unavailable):
        deliver_once(scene.feed, 5)  # without a witness it may as well be an outage
    deliver_once(scene.feed, 5, witness=witness)
    assert scene.browser.summary(AGENCY) == Summary(parked=1)
    assert scene.agency.ids == ["a1"]


def test_many_poison_events_are_found_though_only_a_few_are_tried_while_nobody_answers(scene: Scene) -> None:
    scene.agency.falls_over = {f"e{n}" for n in range(15)}
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(20)))
    scene.change(patience=Patience(probes=5))
    outages = 5
    while scene.log.extent(scene.feed.topic, "deliver")[0] == 0:
        try:
            deliver_once(scene.feed, outages)
        except Unavailable:
            outages += 1
    assert outages > 5
    assert sorted(scene.agency.ids) == [f"e{n}" for n in range(15, 20)]
    assert scene.browser.summary(AGENCY) == Summary(parked=15)


def test_an_agency_that_is_down_is_not_asked_for_every_single_event(scene: Scene) -> None:
    scene.agency.down = True
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(200)))
    with pytest.raises(Unavailable):
        deliver_once(scene.feed, 5)
    assert len(scene.agency.calls) == 1 + scene.feed.patience.probes


def test_an_agency_that_chokes_on_large_batches_only_gets_its_events_one_by_one(scene: Scene) -> None:
    class Small:
        def deliver(self, events: Sequence[Event]) -> Receipt:
            if len(events) > 1:
                raise Unavailable("too large")
            return scene.agency.deliver(events)

    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(5)))
    scene.change(destination=Small())
    deliver_once(scene.feed, 5)
    assert len(scene.agency.ids) == 5


def test_a_record_that_cannot_be_opened_is_parked_as_unreadable(scene: Scene) -> None:
    scene.publish(message("a1", "A", b"damaged"), message("a2", "A"), message("b1", "B"))
    deliver_once(scene.feed)
    assert scene.agency.ids == ["b1"]
    parked = scene.browser.parked(AGENCY)[0]
    assert (parked.event_id, parked.error_class, parked.message) == ("a1", "unreadable", "bad value")


def test_a_rejection_of_an_event_that_was_not_given_is_a_bug(scene: Scene) -> None:
    class Confused:
        def deliver(self, events: Sequence[Event]) -> Receipt:
            return Receipt([Rejection(f"not {events[0].event_id}", "constraint", "what?")])

    scene.publish(message("a1", "A"))
    scene.change(destination=Confused())
    with pytest.raises(ValueError, match="not given"):
        deliver_once(scene.feed)
    assert scene.log.extent(scene.feed.topic, "deliver") == (0, 1)


def test_events_under_a_persons_new_number_wait_behind_those_under_the_old(scene: Scene) -> None:
    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "OLD"))
    deliver_once(scene.feed)
    scene.change(same_person=lambda keys: {key: ("NEW", "OLD") if key in ("OLD", "NEW") else (key,) for key in keys})
    scene.publish(message("a2", "NEW"), message("b1", "B"))
    deliver_once(scene.feed)
    assert scene.agency.ids == ["b1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1)


def test_two_numbers_of_one_person_never_share_a_call(scene: Scene) -> None:
    scene.change(same_person=lambda keys: dict.fromkeys(keys, ("NEW", "OLD")))
    scene.publish(message("a1", "OLD"), message("a2", "NEW"))
    deliver_once(scene.feed)
    assert scene.agency.calls == [["a1"], ["a2"]]


def test_a_loop_that_lost_the_race_reads_again_and_does_no_harm(scene: Scene) -> None:
    class Late:
        """A log in which another loop is always quicker."""

        def read(self, topic: str, group: str, limit: int) -> Batch:
            batch = scene.log.read(topic, group, limit)
            deliver_once(scene.feed)
            return batch

        append, commit = scene.log.append, scene.log.commit

    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A"), message("b1", "B"), message("a2", "A"))
    assert deliver_once(replace(scene.feed, log=Late())).moved
    assert scene.agency.ids == ["b1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=1)
    assert deliver_once(scene.feed).idle


def test_a_loop_killed_before_its_commit_delivers_nothing_twice_and_parks_nothing_twice(scene: Scene) -> None:
    class Killed(Exception):
        pass

    class Dying:
        read, append = scene.log.read, scene.log.append

        def commit(self, batch: Batch, outputs: Outputs) -> None:
            raise Killed(batch, outputs)

    scene.agency.dislikes = {"a1"}
    scene.publish(message("a1", "A"), message("b1", "B"), message("a2", "A"))
    with pytest.raises(Killed):
        deliver_once(replace(scene.feed, log=Dying()))
    scene.publish(message("a3", "A"))
    calls = len(scene.agency.calls)
    deliver_once(scene.feed)
    assert len(scene.agency.calls) == calls
    assert scene.agency.ids == ["b1"]
    assert scene.browser.summary(AGENCY) == Summary(parked=1, waiting=2)


def test_the_observer_hears_of_every_turn_and_of_outages(scene: Scene) -> None:
    stop = threading.Event()

    class Flaky:
        left = 2

        def deliver(self, events: Sequence[Event]) -> Receipt:
            if self.left:
                self.left -= 1
                raise Unavailable("connection refused")
            stop.set()
            return scene.agency.deliver(events)

    scene.publish(message("a1", "A"), message("b1", "B"))
    scene.change(destination=Flaky(), patience=Patience(first_pause=0.001))
    deliver_forever(scene.feed, stop)
    assert scene.happenings == [
        AgencyUnavailable(AGENCY, "connection refused", 1, 0.001),
        AgencyUnavailable(AGENCY, "connection refused", 2, 0.002),
        BatchDelivered(AGENCY, delivered=1, rejected=0, waiting=0, replayed=0, seconds=0.0),  # is it back?
        BatchDelivered(AGENCY, delivered=1, rejected=0, waiting=0, replayed=0, seconds=0.0),
    ]


def test_a_loop_stops_in_the_middle_of_its_longest_pause(scene: Scene) -> None:
    scene.agency.down = True
    scene.publish(message("a1", "A"))
    paused, stop = threading.Event(), threading.Event()
    scene.change(patience=Patience(first_pause=3600, longest_pause=3600), observe=lambda _: paused.set())
    loop = threading.Thread(target=deliver_forever, args=(scene.feed, stop), daemon=True)
    loop.start()
    assert paused.wait(20)
    stop.set()
    loop.join(20)
    assert not loop.is_alive()


def test_a_search_for_a_culprit_ends_when_asked_to_stop(scene: Scene) -> None:
    stop = threading.Event()

    class Slow:
        asked = 0

        def deliver(self, events: Sequence[Event]) -> Receipt:
            self.asked += 1
            if self.asked == 3:
                stop.set()
            raise Unavailable(f"timeout with {len(events)} events")

    slow = Slow()
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(50)))
    scene.change(destination=slow)
    with pytest.raises(Unavailable):
        deliver_once(scene.feed, 5, stop)
    assert slow.asked == 3


def test_a_turn_reads_no_more_than_its_limit(scene: Scene) -> None:
    scene.publish(*(message(f"e{n}", f"p{n}") for n in range(10)))
    scene.change(limit=3)
    assert deliver_once(scene.feed).committed == 3
    assert [len(call) for call in scene.agency.calls] == [3]


def test_whoever_watches_hears_how_old_each_event_was_when_the_agency_got_it_for_the_first_time(scene: Scene) -> None:
    def registered(event_id: str, key: str, seconds_ago: int) -> Message:
        written = rfc3339(scene.clock.now - seconds_ago * 1000)
        plain = message(event_id, key)
        return plain._replace(headers={**plain.headers, h.REGISTERED_AT: written})

    scene.agency.dislikes = {"b1"}
    scene.publish(registered("a1", "A", 30), registered("b1", "B", 60), registered("c1", "C", -5))
    deliver_once(scene.feed)
    scene.agency.dislikes = set()
    scene.clock.seconds += 100
    scene.store.make_due(held.c.agency == AGENCY, Request("lan", "mended", scene.clock.now))
    deliver_once(scene.feed)
    told = [one.latencies for one in scene.happenings if isinstance(one, BatchDelivered)]
    assert told == [(30.0, 0.0), (160.0,)]
