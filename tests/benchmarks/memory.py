"""Memory: a running hub with a large backlog, one agency down and one slow."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from deploy.bootstrap import open_hub
from deploy.demo.faults import Down
from deploy.memory import settle_memory
from deploy.running import Run
from deploy.settings import load_settings
from hub.destination import Destination, Event, Receipt
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace

_DOWN, _SLOW = "insurance", "land"
_FOR_EVER = 1e9


@dataclass(slots=True)
class Slow:
    """An agency's real system that takes half a second more for each batch."""

    system: Destination

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Deliver in the end."""
        time.sleep(0.5)
        return self.system.deliver(events)


def measure(place: Workplace) -> Sample:
    """Run the large hub for a while; return the most memory that was resident."""
    with open_hub(load_settings(home=place.home("large"))) as hub:
        settle_memory()
        idle = peak_megabytes()
        before = [hub.log.extent(outbox(agency), DELIVER) for agency in hub.agencies]
        decided = hub.log.extent(RECEIVED, PIPELINE)[0]
        trouble: dict[str, Destination] = {
            _DOWN: Down(hub.destination(_DOWN), _FOR_EVER),
            _SLOW: Slow(hub.destination(_SLOW)),
        }
        until = time.monotonic() + place.sizes.watched
        run = Run(hub, destinations=trouble)
        timer = threading.Timer(place.sizes.watched, signal.raise_signal, [signal.SIGTERM])
        timer.start()
        run.go()
        timer.cancel()
        if time.monotonic() < until:
            raise RuntimeError("the hub stopped by itself")
        delivered = sum(hub.log.extent(outbox(a), DELIVER)[0] for a in hub.agencies) - sum(c for c, _ in before)
        notes = {
            "undelivered events": hub.log.extent(outbox(_DOWN), DELIVER)[1],
            "undelivered, over all agencies": float(sum(last - committed for committed, last in before)),
            "decided meanwhile": float(hub.log.extent(RECEIVED, PIPELINE)[0] - decided),
            "delivered meanwhile": float(delivered),
        }
    return Sample(peak_megabytes(), idle, {**notes, **orjson.loads((place.folder / "large.json").read_bytes())})


def peak_megabytes() -> float:
    """Return the most memory that this process had resident so far (Linux). `ru_maxrss` would be the parent's."""
    lines = Path("/proc/self/status").read_text().splitlines()
    peak = next(line for line in lines if line.startswith("VmHWM:"))
    return int(peak.split()[1]) / 1024


BENCHMARKS = [
    Benchmark(
        name="memory",
        says="resident at most, working beside a large backlog (in full 1,000,000 events); one agency down, one slow",
        unit="MB",
        target=300,
        more_is_better=False,
        limit_is="the same process with the hub opened, before it does anything: the interpreter and the libraries",
        measure=measure,
        runs=3,
    )
]
