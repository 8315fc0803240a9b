"""The pipeline: from `received` to the five outboxes on the embedded log, by itself and hosted by the Faust worker."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from deploy.bootstrap import Hub
from hub.eventlog import Batch, EventLog, Message, Outputs, records_of
from hub.eventlog.sqlite import SqliteLog
from hub.topics import DUPLICATES, PIPELINE, RECEIVED, REFUSED, WITHHELD, outbox
from hub.worker import work_until
from tests.benchmarks.bare import in_pieces
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.material import decide_until
from tests.benchmarks.workplace import Stopwatch, Workplace, stopwatch


def measure_loop(place: Workplace) -> Sample:
    """Read, process, commit, until nothing is left."""

    def run(hub: Hub) -> Stopwatch:
        with stopwatch() as watch:
            decide_until(hub)
        return watch

    return _measure(place, run)


def measure_hosted(place: Workplace) -> Sample:
    """The same in the worker, from its first batch to the end of its last."""

    def run(hub: Hub) -> Stopwatch:
        watch = Stopwatch()
        asyncio.run(_host(hub, watch))
        return watch

    return _measure(place, run)


def _measure(place: Workplace, run: Callable[[Hub], Stopwatch]) -> Sample:
    with place.hub(copied_from="received") as hub:
        events, size = hub.log.extent(RECEIVED, PIPELINE)[1], hub.settings.batch
        watch = run(hub)
        written = {topic: [r.message for r in records_of(hub.log, topic)] for topic in _topics(hub)}
    fed = sum(len(messages) for topic, messages in written.items() if topic.startswith("outbox."))
    notes = {**watch.per(events), "outputs per event": fed / events}
    return Sample(events / watch.wall, events / _limit(place, written, -(-events // size), size), notes)


async def _host(hub: Hub, watch: Stopwatch) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    work, last, started = hub.work(), hub.log.extent(RECEIVED, PIPELINE)[1], False

    def process(log: EventLog, batch: Batch) -> None:
        nonlocal started
        if not started:
            started = True
            watch.start()
        work.process(log, batch)
        if batch.last >= last and not watch.wall:
            watch.stop()
            loop.call_soon_threadsafe(stop.set)

    await work_until(stop, replace(work, process=process))


def _topics(hub: Hub) -> list[str]:
    return [*(outbox(agency) for agency in hub.agencies), REFUSED, WITHHELD, DUPLICATES]


def _limit(place: Workplace, written: Mapping[str, list[Message]], batches: int, size: int) -> float:
    """Return the seconds that the log alone takes to read the same events and commit the same outputs."""
    pieces = {
        topic: list(in_pieces(messages, -(-len(messages) // batches or 1))) for topic, messages in written.items()
    }
    with tempfile.TemporaryDirectory(dir=place.folder) as folder:
        file = Path(folder) / "log.db"
        for part in place.home("received").glob("log.db*"):
            shutil.copy(part, folder)
        with SqliteLog(file) as log, stopwatch() as watch:
            for number in range(batches):
                outputs = {topic: some[number] for topic, some in pieces.items() if number < len(some)}
                log.commit(log.read(RECEIVED, PIPELINE, size), Outputs(outputs))
    return watch.wall


_LIMIT = "the log's own read and commit of the same events and outputs, in as many batches, with nothing in between"

BENCHMARKS = [
    Benchmark(
        name="pipeline",
        says="events per process from `received` to five outboxes",
        unit="events/s",
        target=10_000,
        limit_is=_LIMIT,
        measure=measure_loop,
    ),
    Benchmark(
        name="pipeline-faust",
        says="the same, hosted by the Faust worker",
        unit="events/s",
        target=10_000,
        limit_is=_LIMIT,
        measure=measure_hosted,
    ),
]
