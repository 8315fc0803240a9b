"""Made-up feeds with the rhythm of Vietnamese offices, to see what silence detection makes of them."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hub.activity import Hour
from monitoring.silence.calendar import begin_of, day_of, like

_HOUR, _MINUTE = 3_600_000, 60_000


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When a feed speaks, and how much."""

    #: Sendings per hour while it is open.
    rate: float
    #: Hours of the day, such as 7.5 for half past seven.
    open: Sequence[tuple[float, float]] = ((7.5, 11.5), (13.0, 17.0))
    saturday: Sequence[tuple[float, float]] = ()
    sunday: Sequence[tuple[float, float]] = ()
    #: How much days differ: the standard deviation of a day's rate, in parts of the rate.
    days_differ: float = 0.25
    #: Minutes by which it may open later or close earlier.
    unpunctual: float = 15.0
    #: How many events come at once.
    at_once: int = 1

    def events(self, first: int, last: int, seed: int) -> Iterator[int]:
        """Yield the times (ms since 1970 UTC) of what it sends on the days [first, last)."""
        rng = random.Random(seed)
        for day in range(first, last):
            kind, weight = like(day)
            shape = 1 / self.days_differ**2 if self.days_differ else 0
            today = self.rate * weight * (rng.gammavariate(shape, 1 / shape) if shape else 1)
            for begin, end in self.spans(kind):
                at = begin + rng.random() * self.unpunctual / 60
                end -= rng.random() * self.unpunctual / 60
                while (at := at + rng.expovariate(today)) < end:
                    yield begin_of(day) + int(at * _HOUR)

    def open_hours(self, since: int, until: int) -> float:
        """Return how many hours between two times (ms since 1970 UTC) it is open."""
        found = 0.0
        for day in range(day_of(since), day_of(until) + 1):
            begin, end = ((at - begin_of(day)) / _HOUR for at in (since, until))
            found += sum(max(0.0, min(end, last) - max(begin, first)) for first, last in self.spans(like(day).kind))
        return found

    def spans(self, kind: int) -> Sequence[tuple[float, float]]:
        """Return when it is open on a kind of day."""
        return self.sunday if kind == 6 else self.saturday if kind == 5 else self.open


def hours_of(name: str, events: Sequence[int], at_once: int = 1) -> list[Hour]:
    """Return what the store would tell of events."""
    found: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    for at in events:
        one = found[at - at % _HOUR]
        one[0] += at_once
        one[1] |= 1 << (at % _HOUR // _MINUTE)
    return [Hour(name, at, count, minutes) for at, (count, minutes) in sorted(found.items())]
