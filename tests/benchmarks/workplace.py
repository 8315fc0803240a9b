"""Where a benchmark works: a scratch folder with the prepared material, and how much of everything."""

from __future__ import annotations

import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.bootstrap import Hub, open_hub
from deploy.memory import settle_memory
from deploy.settings import load_settings


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much of everything."""

    #: Lines for intake and the pipeline, and for deliveries.
    lines: int
    delivered: int
    #: Events that nobody has been given, and how many of them are not even decided about.
    backlog: int
    undecided: int
    #: Seconds that memory is watched.
    watched: float
    #: Events sent one at a time, for the time on the way.
    singles: int
    demo: int
    #: Events of the feed that is fetched page by page.
    paged: int
    #: Citizen cards read one after the other, and in the long row that must leave nothing behind.
    cards: int
    row: int
    #: Events of a counter: kept one at a time, and waiting in a queue.
    edge_singles: int
    edge_queued: int


FULL = Sizes(
    lines=50_000,
    delivered=12_000,
    backlog=1_000_000,
    undecided=200_000,
    watched=20,
    singles=1000,
    demo=10_000,
    paged=5_000_000,
    cards=200,
    row=1000,
    edge_singles=500,
    edge_queued=100_000,
)
QUICK = Sizes(
    lines=1500,
    delivered=500,
    backlog=20_000,
    undecided=4000,
    watched=2,
    singles=25,
    demo=300,
    paged=5000,
    cards=5,
    row=10,
    edge_singles=10,
    edge_queued=1500,
)


@dataclass(frozen=True, slots=True)
class Workplace:
    """A scratch folder: prepared material stays in it from one process to the next."""

    folder: Path
    sizes: Sizes

    @property
    def lines(self) -> Path:
        """What registers send, as NDJSON."""
        return self.folder / "lines.ndjson"

    def home(self, name: str) -> Path:
        """The home of a prepared hub."""
        return self.folder / name

    @contextmanager
    def hub(self, copied_from: str | None = None) -> Iterator[Hub]:
        """Open a new hub, or a copy of a prepared one; it is gone afterwards."""
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            home = Path(folder) / "home"
            if copied_from:
                shutil.copytree(self.home(copied_from), home)
            with open_hub(load_settings(home=home)) as hub:
                settle_memory()
                yield hub


class Stopwatch:
    """Measures wall time and this process's CPU time, in seconds."""

    def __init__(self) -> None:
        self.wall = self.user = self.system = 0.0
        self.start()

    def start(self) -> None:
        """Begin."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        self._wall, self._user, self._system = time.perf_counter(), used.ru_utime, used.ru_stime

    def stop(self) -> None:
        """Take the times since the start."""
        self.wall = time.perf_counter() - self._wall
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.user, self.system = used.ru_utime - self._user, used.ru_stime - self._system

    def per(self, count: int) -> dict[str, float]:
        """Return the CPU time for each of so many, in microseconds."""
        return {"user CPU µs": 1e6 * self.user / count, "system CPU µs": 1e6 * self.system / count}


@contextmanager
def stopwatch() -> Iterator[Stopwatch]:
    """Time what is inside."""
    watch = Stopwatch()
    yield watch
    watch.stop()
