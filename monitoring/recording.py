"""Adds up what this process does and writes it down every few seconds, so that curves outlive the process.

These are statistics: a process that is killed loses seconds of them, and nothing that must hold rests on them.
"""

from __future__ import annotations

import logging
import threading
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final

from hub.activity import Activity, Kind
from hub.discretion import hidden_numbers
from hub.observe import BatchDelivered, BatchProcessed, EventsTaken, FeedRead, Happening
from hub.topics import outbox

_LOG = logging.getLogger(__name__)
#: The bounds in seconds of the buckets of how late a delivery was; what is later is `+Inf`.
BOUNDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21600, 86400)
#: Their names in the kind `latency`.
BUCKETS: Final = (*(f"{bound:g}" for bound in BOUNDS), "+Inf")
#: What stands for all names beyond the most that are counted of a kind: a sender must not make endless rows.
OTHER: Final = "other"
_MOST: Final = 2000
#: How many different counts may wait for a database that is away.
_WAITING: Final = 100_000
#: Seconds between two writings, and writings between two clean-ups.
_EVERY: Final = 5.0
_PRUNE: Final = 720
#: Seconds that the last writing may take.
_LAST: Final = 6.0
_OUTBOX: Final = outbox("")

_Key = tuple[Kind, str, int]


class Recorder:
    """Observes what happens. Begin and end it as a context; what happens after the end is not written."""

    def __init__(self, activity: Activity, clock: Callable[[], int], every: float = _EVERY) -> None:
        """`clock` returns ms since 1970 UTC; `every`: seconds between two writings."""
        self._activity = activity
        self._clock = clock
        self._every = every
        self._counts: Counter[_Key] = Counter()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write_on, name="activity", daemon=True)
        self._known: dict[Kind, set[str]] = {}
        self._writings = 0
        self._away = False

    def __enter__(self) -> Recorder:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Write what is left, unless that takes too long: nobody waits for statistics."""
        self._ended.set()
        self._thread.join(_LAST)

    def __call__(self, happening: Happening) -> None:
        """Add to the counts; the time of what the pipeline decided is the log's."""
        match happening:
            case BatchProcessed():
                taken_at = min(happening.at or self._clock(), self._clock())  # a clock elsewhere may be ahead
                self._add(taken_at, _published(happening))
                self._add(self._clock(), _decided(happening))
            case BatchDelivered(agency=agency):
                counts = {(Kind.DELIVERED, agency): happening.delivered, (Kind.REJECTED, agency): happening.rejected}
                self._add(self._clock(), counts | _late(happening.latencies))
            case FeedRead(agency=agency):
                self._add(self._clock(), {(Kind.DELIVERED, agency): happening.events} | _late(happening.latencies))
            case EventsTaken():
                counts = {(Kind.REFUSED, reason): count for reason, count in happening.refused.items()}
                self._add(self._clock(), counts)
            case _:
                pass

    def _add(self, at: int, counts: Mapping[tuple[Kind, str], int]) -> None:
        with self._lock:
            for (kind, name), count in counts.items():
                if count:
                    self._counts[kind, name, at] += count

    def _write_on(self) -> None:
        while not self._ended.wait(self._every):
            self.write()
        self.write()

    def write(self) -> None:
        """Write what was added up. A database that is away gets it later."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._activity.add(self._limited(counts))
        except Exception as error:  # whatever it is, the process has more important things to do than to count
            self._keep(counts, error)
            return
        self._away = False
        if self._writings % _PRUNE == 0:
            with suppress(Exception):  # the next time, or another process
                self._activity.prune(self._clock())
        self._writings += 1

    def _keep(self, counts: Counter[_Key], error: Exception) -> None:
        """Keep what could not be written, by the minute; of too much, the latest."""
        if not self._away:
            _LOG.warning("what happens is counted, but can't be written down now: %s", type(error).__name__)
        self._away = True
        kept: Counter[_Key] = Counter()
        with self._lock:
            for some in (counts, self._counts):
                for (kind, name, at), count in some.items():
                    kept[kind, name, at - at % 60_000] += count
            for key in list(islice(kept, max(0, len(kept) - _WAITING))):
                del kept[key]
            self._counts = kept

    def _limited(self, counts: Mapping[_Key, int]) -> Counter[_Key]:
        found: Counter[_Key] = Counter()
        for (kind, name, at), count in counts.items():
            found[kind, self._name(kind, hidden_numbers(name)), at] += count
        return found

    def _name(self, kind: Kind, name: str) -> str:
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = {one.name for one in self._activity.known(kind)}
        if name in known:
            return name
        if len(known) >= _MOST:
            return OTHER
        known.add(name)
        return name


def _published(batch: BatchProcessed) -> dict[tuple[Kind, str], int]:
    counts = {(Kind.TYPE, name): count for name, count in batch.types.items()}
    counts |= {(Kind.SOURCE, name): count for name, count in batch.sources.items()}
    counts |= {(Kind.PROVINCE, name): count for name, count in batch.provinces.items()}
    for topic, count in batch.outputs.items():
        if topic.startswith(_OUTBOX):
            counts[Kind.PUBLISHED, topic.removeprefix(_OUTBOX)] = count
    return counts


_TALLIES: Final = {"duplicate": Kind.DUPLICATE, "refused": Kind.REFUSED, "withheld": Kind.WITHHELD}


def _decided(batch: BatchProcessed) -> dict[tuple[Kind, str], int]:
    return {(_TALLIES[name], label): count for (name, label), count in batch.tallies.items() if name in _TALLIES}


def _late(latencies: Iterable[float]) -> dict[tuple[Kind, str], int]:
    counts = Counter(BUCKETS[bisect_left(BOUNDS, seconds)] for seconds in latencies)
    return {(Kind.LATENCY, bucket): count for bucket, count in counts.items()}
