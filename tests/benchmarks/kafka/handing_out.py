"""Deliveries from feeds on Kafka into agencies' databases (SQLite): one feed alone, then all others by one process."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

from tests.benchmarks.kafka.arena import Arena
from tests.benchmarks.kafka.contender import DANCU, Contender, Ground, end, hub, last_words, start
from tests.benchmarks.kafka.race import Material
from tests.benchmarks.kafka.rules import AGENCIES
from tests.benchmarks.kafka.topics import Progress, fill
from tests.benchmarks.kafka.watch import Stuck, Usage, watch

_LOOK = 0.05
_PATIENCE = 60.0
#: The figure ends here: what remains of an idle last interval is no speed.
_SHARE = 0.95


def measure_handing_out(arena: Arena, material: Material) -> dict[str, float]:
    """Decide about everything first, then hand it out; return deliveries per second. Raises `Stuck`."""
    worker = hub(1)
    with arena.ground(worker) as ground:
        _decide(arena, ground, worker, material)
        counts = {name: sum(map(len, material.expected[name].values())) for name in AGENCIES}
        alone, *others = AGENCIES
        return {
            "one agency, deliveries/s": _rate(ground, worker, {alone: counts[alone]}),
            f"{len(others)} agencies, deliveries/s": _rate(ground, worker, {name: counts[name] for name in others}),
            "deliveries": sum(counts.values()),
        }


def _decide(arena: Arena, ground: Ground, worker: Contender, material: Material) -> None:
    backlog = fill(ground.connection, material.messages)
    progress = Progress(ground.connection, worker.group, worker.members)
    with ExitStack() as stack:
        process = start(worker, ground, 0, stack)
        try:
            usage = Usage({"worker": [process.pid], **arena.servers()})
            watch(progress, backlog, usage, alive=lambda: process.poll() is None, patience=_PATIENCE)
        finally:
            process.terminate()
            end(process)


def _rate(ground: Ground, worker: Contender, counts: Mapping[str, int]) -> float:
    """Run a delivery process for some agencies until they have everything; count from their first rows on."""
    deliver = replace(worker, name=f"deliver-{len(counts)}", command=(*DANCU, "deliver", *counts))
    files = [ground.home(deliver.name) / "agencies" / f"{name}.db" for name in counts]
    with ExitStack() as stack:
        process = start(deliver, ground, 0, stack)
        try:
            first, begun = _wait_for(files, 1, ground, deliver.name)
            last, ended = _wait_for(files, round(_SHARE * sum(counts.values())), ground, deliver.name)
            return (last - first) / (ended - begun)
        finally:
            process.terminate()
            end(process)


def _wait_for(files: Sequence[Path], count: int, ground: Ground, name: str) -> tuple[int, float]:
    """Return how many rows there are when there are enough, and when that was."""
    found, changed = 0, time.perf_counter()
    while True:
        rows, now = sum(map(_rows, files)), time.perf_counter()
        if rows >= count:
            return rows, now
        if rows != found:
            found, changed = rows, now
        elif now > changed + _PATIENCE:
            raise Stuck(f"{name}: {rows} of {count} deliveries have arrived\n{last_words(ground.folder, name)}")
        time.sleep(_LOOK)


def _rows(file: Path) -> int:
    if not file.exists():
        return 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=5)) as connection:
        try:
            return int(connection.execute("SELECT count(*) FROM applied_events").fetchone()[0])
        except sqlite3.OperationalError:  # its tables are being made
            return 0
