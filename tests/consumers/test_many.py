"""200 agencies in one process: the dead hang, the slow take their time, and nobody else notices."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from consumers.feed import Feed
from consumers.gate import Narrow
from consumers.loop import deliver_forever
from consumers.outage import Patience
from hub.destination import Destination, Event, Receipt, Unavailable
from hub.eventlog import Outputs
from hub.topics import outbox
from tests.consumers.agency import Scene, message

AGENCIES, DEAD, SLOW, EVENTS, LIMIT = 200, 5, 10, 30, 10


@dataclass
class Healthy:
    """Takes everything, and counts."""

    taken: list[str] = field(default_factory=list)
    largest: int = 0

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self.largest = max(self.largest, len(events))
        self.taken += [event.event_id for event in events]
        return Receipt()


@dataclass
class Dead:
    """Hangs in its first call until the test is over."""

    over: threading.Event
    hangs: threading.Event = field(default_factory=threading.Event)

    def deliver(self, _: Sequence[Event]) -> Receipt:
        self.hangs.set()
        self.over.wait()
        raise Unavailable("timeout")


@dataclass
class Slow(Healthy):
    """Takes its time for each call."""

    over: threading.Event = field(default_factory=threading.Event)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self.over.wait(0.02)
        return super().deliver(events)


@contextmanager
def _loops(feeds: Sequence[Feed], over: threading.Event) -> Iterator[list[BaseException]]:
    failures: list[BaseException] = []

    def work(feed: Feed) -> None:
        try:
            deliver_forever(feed, over)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(feed,), daemon=True) for feed in feeds]
    for thread in threads:
        thread.start()
    try:
        yield failures
    finally:
        over.set()
        for thread in threads:
            thread.join(30)


def test_5_dead_and_10_slow_of_200_agencies_delay_no_other(scene: Scene) -> None:
    line, over = scene.join(), threading.Event()
    names = [f"agency{n:03}" for n in range(AGENCIES)]
    dead = {name: Dead(over) for name in names[:DEAD]}
    slow = {name: Slow(over=over) for name in names[DEAD : DEAD + SLOW]}
    healthy = {name: Healthy() for name in names[DEAD + SLOW :]}
    messages = [message(f"e{n:03}", f"p{n % 7}") for n in range(EVENTS)]
    scene.log.append(Outputs({outbox(name): messages for name in names}))
    like = replace(scene.feed, patience=Patience.among(AGENCIES), gate=Narrow.among(AGENCIES), limit=LIMIT)
    systems: dict[str, Destination] = {**dead, **slow, **healthy}
    feeds = [replace(like, agency=name, destination=systems[name]) for name in names]
    with _loops(feeds, over) as failures:
        _wait_for(lambda: all(len(one.taken) == EVENTS for one in healthy.values()))
        assert all(one.hangs.wait(20) for one in dead.values())
        _wait_for(lambda: all(len(one.taken) == EVENTS for one in slow.values()))
        assert not over.is_set(), "the dead hang all the while"
    assert failures == []
    for one in (*healthy.values(), *slow.values()):
        assert sorted(one.taken) == [f"e{n:03}" for n in range(EVENTS)]
        assert one.largest <= LIMIT
        for person in range(7):
            mine = [event_id for event_id in one.taken if int(event_id[1:]) % 7 == person]
            assert mine == sorted(mine)
    _check_the_dead(scene, list(dead))
    line.contacts.flush()
    assert {name for name, one in line.contacts.all().items() if one.last_ok_at} == {*healthy, *slow}


def _check_the_dead(scene: Scene, dead: Sequence[str]) -> None:
    """Nothing is lost or set aside for those who never answered."""
    for name in dead:
        assert scene.log.extent(outbox(name), "deliver") == (0, EVENTS)
        assert scene.browser.summary(name).held == 0


def _wait_for(condition: object, seconds: float = 60.0) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.02)):
        if condition():  # type: ignore[operator]
            return
        pause.wait(0.02)
    raise AssertionError("it does not happen")
