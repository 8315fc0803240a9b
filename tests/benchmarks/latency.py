"""Time on the way: one event at a time through a running hub, until it is in an agency's database."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

from deploy.bootstrap import Hub
from deploy.running import Run
from hub import headers as h
from hub.destination import Destination, Event, Receipt
from hub.eventlog import Message, Outputs
from hub.intake.admit import Admission, Refused
from hub.topics import RECEIVED
from tests.benchmarks.bare import TOPIC, bare_file
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace

#: Events per second.
_RATE = 50
#: Commits on an event's way: `received`, registers, outboxes, the agency's system.
_COMMITS = 4
#: Seconds until all threads of the hub look for work, and until the last event has arrived.
_PAUSE = 3.0


@dataclass(slots=True)
class Watched:
    """An agency's real system; notes when it has taken each event."""

    system: Destination
    taken: dict[str, float] = field(default_factory=dict)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Deliver, then look at the clock."""
        receipt = self.system.deliver(events)
        now = time.perf_counter()
        self.taken.update((event.event_id, now) for event in events)
        return receipt


def measure(place: Workplace) -> Sample:
    """Append events at a low rate; return the median time to the agencies' databases."""
    with place.hub() as hub:
        messages = _messages(hub, place)
        watched = {agency: Watched(hub.destination(agency)) for agency in hub.agencies}
        run = Run(hub, destinations=dict(watched))
        sent: dict[str, float] = {}
        sender = threading.Thread(target=_send, args=(hub, messages, sent))
        sender.start()
        run.go()
        sender.join()
    times = [
        1000 * (system.taken[event_id] - at)
        for system in watched.values()
        for event_id, at in sent.items()
        if event_id in system.taken
    ]
    if len(times) < len(sent):
        raise RuntimeError("events are missing in the agencies' systems")
    percentiles = quantiles(times, n=100)
    return Sample(median(times), _commit_ms(place) * _COMMITS, {"p90, ms": percentiles[89], "p99, ms": percentiles[98]})


def _messages(hub: Hub, place: Workplace) -> list[Message]:
    """Return moves of house, each of which three agencies get at once."""
    admission, now = Admission(hub.rules.catalogue), time.time_ns() // 1_000_000
    found: list[Message] = []
    for line in place.lines.read_bytes().splitlines():
        if len(found) == place.sizes.singles:
            break
        admitted = admission.admit_bytes(line, now)
        if not isinstance(admitted, Refused) and _is_a_move(admitted):
            found.append(admitted)
    return found


def _is_a_move(message: Message) -> bool:
    headers = message.headers
    return headers[h.TYPE] == "ResidenceChanged" and headers[h.CHANGE] == "CREATED" and h.BULK_ID not in headers


def _send(hub: Hub, messages: Sequence[Message], sent: dict[str, float]) -> None:
    """Append one by one, note by event id when each append began, and stop the hub as an operator does."""
    time.sleep(_PAUSE)
    begin = time.perf_counter()
    for number, message in enumerate(messages):
        time.sleep(max(0.0, begin + number / _RATE - time.perf_counter()))
        sent.setdefault(message.headers[h.ID], time.perf_counter())
        hub.log.append(Outputs({RECEIVED: [message]}))
    time.sleep(_PAUSE)
    signal.raise_signal(signal.SIGTERM)


def _commit_ms(place: Workplace) -> float:
    """Return how long bare SQLite takes for a commit of one row."""
    times = []
    with bare_file(place.folder) as connection:
        connection.execute(TOPIC)
        for position in range(100):
            started = time.perf_counter()
            connection.execute("INSERT INTO rows VALUES (?, 0, '', '', ?)", (position, b"x" * 500))
            times.append(1000 * (time.perf_counter() - started))
    return median(times)


BENCHMARKS = [
    Benchmark(
        name="latency",
        says="median time from append until an agency's database has the event, at 50 events/s",
        unit="ms",
        more_is_better=False,
        limit_is=f"{_COMMITS} commits of one row into bare SQLite (WAL, synchronous FULL): as many as are on the way",
        measure=measure,
        runs=3,
    )
]
