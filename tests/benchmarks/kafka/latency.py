"""Time on the way, all in processes of their own: from intake's yes until the agency's database has the event."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson

from deploy.bootstrap import open_hub
from deploy.settings import load_settings
from hub.intake.desk import Desk, Sent
from tests.benchmarks.bare import in_pieces
from tests.benchmarks.kafka.arena import Arena
from tests.benchmarks.kafka.contender import DANCU, Ground, hub, last_words, running
from tests.benchmarks.kafka.rules import AGENCIES
from tests.benchmarks.kafka.topics import Progress
from tests.benchmarks.kafka.watch import Stuck

#: Events per second, and how many intake takes at once, as an HTTP client would send them.
RATE = 500
_PIECE = 100
#: Seconds between looks into an agency's database; what is measured is too long by up to this.
_LOOK = 0.01
#: The first seconds are for warming up and are not counted.
_WARM = 3.0
_PATIENCE = 60.0


@dataclass(slots=True)
class _Agency:
    """Looks into an agency's database and notes when it has each event."""

    file: Path
    taken: dict[str, float] = field(default_factory=dict)
    _last: int = 0

    def watch(self, stop: threading.Event) -> None:
        """Look until told to stop."""
        while not stop.is_set():
            if self.file.exists():
                with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True, timeout=5)) as connection:
                    while not stop.is_set():
                        self._look(connection)
                        time.sleep(_LOOK)
            time.sleep(_LOOK)

    def _look(self, connection: sqlite3.Connection) -> None:
        try:
            query = "SELECT event_id, applied_order FROM applied_events WHERE applied_order > ? ORDER BY applied_order"
            rows = connection.execute(query, (self._last,)).fetchall()
        except sqlite3.OperationalError:  # its tables are being made
            return
        now = time.perf_counter()
        for event_id, order in rows:
            self.taken[event_id] = now
            self._last = order


def measure_latency(arena: Arena, lines: Sequence[bytes], deliveries: int) -> dict[str, Any]:
    """Send lines at a steady rate through intake, worker and deliveries. Raises `Stuck` when some don't arrive."""
    worker = hub(1)
    deliver = replace(worker, name="deliver", command=(*DANCU, "deliver", "--all"))
    with arena.ground(worker) as ground, ExitStack() as stack:
        stack.enter_context(running(worker, ground))
        stack.enter_context(running(deliver, ground))
        agencies = {name: _Agency(ground.home("deliver") / "agencies" / f"{name}.db") for name in AGENCIES}
        stop = threading.Event()
        stack.callback(stop.set)
        for agency in agencies.values():
            threading.Thread(target=agency.watch, args=(stop,), daemon=True).start()
        _wait_for_the_worker(ground)
        accepted, seconds = _send(ground, lines)
        _wait_for(agencies, deliveries, ground)
    begin = min(accepted.values()) + min(_WARM, seconds / 3)
    times = [
        1000 * (at - accepted[event_id])
        for agency in agencies.values()
        for event_id, at in agency.taken.items()
        if accepted[event_id] >= begin
    ]
    cuts = quantiles(times, n=100)
    return {
        "events per second asked": RATE,
        "events per second sent": len(lines) / seconds,
        "p50 ms": cuts[49],
        "p90 ms": cuts[89],
        "p99 ms": cuts[98],
        "deliveries": len(times),
    }


def _send(ground: Ground, lines: Sequence[bytes]) -> tuple[dict[str, float], float]:
    """Return when intake had said yes to each event, and how long sending took."""
    accepted: dict[str, float] = {}
    settings = load_settings(
        home=ground.home("intake"),
        agreements=ground.agreements,
        kafka=ground.connection.servers,
        topic_prefix=ground.connection.prefix,
        database=ground.database,
    )
    with open_hub(settings) as opened:
        desk: Desk = opened.desk()
        begin = time.perf_counter()
        for number, some in enumerate(in_pieces(lines, _PIECE)):
            time.sleep(max(0.0, begin + number * _PIECE / RATE - time.perf_counter()))
            desk.take("bench", [Sent(f"{number}.{place}", raw) for place, raw in enumerate(some)])
            now = time.perf_counter()
            for raw in some:
                accepted.setdefault(orjson.loads(raw)["id"], now)
        return accepted, time.perf_counter() - begin


def _wait_for_the_worker(ground: Ground) -> None:
    worker = hub(1)
    progress, deadline = Progress(ground.connection, worker.group, worker.members), time.perf_counter() + _PATIENCE
    while not progress.members():
        if time.perf_counter() > deadline:
            raise Stuck(f"latency: the worker does not begin\n{last_words(ground.folder, worker.name)}")
        time.sleep(0.1)


def _wait_for(agencies: Mapping[str, _Agency], deliveries: int, ground: Ground) -> None:
    found, changed = -1, time.perf_counter()
    while found < deliveries:
        now = sum(len(agency.taken) for agency in agencies.values())
        if now != found:
            found, changed = now, time.perf_counter()
        elif time.perf_counter() > changed + _PATIENCE:
            words = "\n".join(last_words(ground.folder, name) for name in ("hub-1", "deliver"))
            raise Stuck(f"latency: {found} of {deliveries} deliveries have arrived\n{words}")
        time.sleep(0.05)
