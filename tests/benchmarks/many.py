"""Many agencies at once: 200 feeds that grow by 50 events a second each, handed out by one process."""

from __future__ import annotations

import multiprocessing
import resource
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from consumers.gate import Narrow
from consumers.loop import deliver_forever
from consumers.outage import Patience
from deploy.bootstrap import Hub
from hub.destination import Event, OpenEvents, Receipt, Unreadable
from hub.eventlog import Message, Outputs, Record
from hub.eventlog.sqlite import SqliteLog
from hub.topics import DELIVER, outbox
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import QUICK, Workplace, stopwatch

#: What there is to do for each agency, and how often it is appended to all feeds, per second.
_RATE, _TIMES = 50, 5


@dataclass(frozen=True, slots=True)
class _Taxlike:
    """Opens what is in the feeds, which are copies of that of tax."""

    inner: OpenEvents

    def __call__(self, _: str, records: Sequence[Record], /, *, replayed: bool) -> Sequence[Event | Unreadable]:
        return self.inner("tax", records, replayed=replayed)


class _Taking:
    """An agency that takes everything at once."""

    def deliver(self, _: Sequence[Event]) -> Receipt:
        return Receipt()


def measure(place: Workplace) -> Sample:
    """Return the age in seconds of the oldest undelivered event, at the worst moment after the start."""
    quick = place.sizes == QUICK
    agencies, seconds = (20, 3) if quick else (200, 60)
    names = [f"agency{n:03}" for n in range(agencies)]
    with place.hub(copied_from="decided") as hub:
        ages: list[float] = []
        with stopwatch() as watch, _handed_out(hub, names), _growing(hub.home.log, names, seconds) as growing:
            while growing.is_alive():
                time.sleep(0.5)
                ages.append(max(_age(hub, name) for name in names))
            while any(_age(hub, name) for name in names):
                time.sleep(0.02)
        count = sum(hub.log.extent(outbox(name), DELIVER)[0] for name in names)
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    notes = {**watch.per(count), "deliveries": count, "mean age s": sum(ages) / len(ages), "resident MB": memory}
    return Sample(max(ages), 1 / _TIMES, notes)


def _age(hub: Hub, agency: str) -> float:
    """Return how old the oldest event is that an agency has not got, in seconds; 0 when it has all."""
    committed, last = hub.log.extent(outbox(agency), DELIVER)
    if committed == last:
        return 0.0
    return max(0.001, time.time() - hub.log.scan(outbox(agency), committed, 1)[0].at / 1000)


@contextmanager
def _handed_out(hub: Hub, names: Sequence[str]) -> Iterator[None]:
    stop = threading.Event()
    like = hub.feed("tax", _Taking())
    like = replace(
        like, open_events=_Taxlike(like.open_events), patience=Patience.among(len(names)), gate=Narrow.among(len(names))
    )
    feeds = [replace(like, agency=name) for name in names]
    threads = [threading.Thread(target=deliver_forever, args=(feed, stop), daemon=True) for feed in feeds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


@contextmanager
def _growing(log: Path, names: Sequence[str], seconds: int) -> Iterator[multiprocessing.process.BaseProcess]:
    """Let the feeds grow, by another process, as they would by the pipeline of another machine."""
    process = multiprocessing.get_context("spawn").Process(target=_grow, args=(log, names, seconds), daemon=True)
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _grow(path: Path, names: Sequence[str], seconds: int) -> None:
    with SqliteLog(path) as log:
        messages = [record.message for record in log.scan(outbox("tax"), 0, 5000)]
        began, some = time.monotonic(), _RATE // _TIMES
        for turn in range(seconds * _TIMES):
            mine: list[Message] = [messages[(turn * some + n) % len(messages)] for n in range(some)]
            log.append(Outputs({outbox(name): mine for name in names}))
            time.sleep(max(0.0, began + (turn + 1) / _TIMES - time.monotonic()))


BENCHMARKS = [
    Benchmark(
        name="deliveries-many",
        says="age of the oldest undelivered event, at the worst moment of a minute in which 200 feeds grow by 50 events"
        " a second each; one process hands them out to agencies that answer at once",
        unit="s",
        target=10,
        limit_is="the events come five times a second",
        measure=measure,
        more_is_better=False,
        runs=1,
    )
]
