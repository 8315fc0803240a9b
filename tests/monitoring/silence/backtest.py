"""How often silence detection cries wolf, and how soon it notices: `python -m tests.monitoring.silence.backtest`.

Every feed lives through 20 weeks from 8 December 2025, with Tết and the holidays of April in them. The first eight
are learnt from; in the other twelve every silence is judged by what was known on that day. The figures are in
docs/silence.md.
"""

from __future__ import annotations

import random
import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import pairwise
from statistics import median

from hub.activity import Hour
from monitoring.silence.calendar import begin_of, day_of
from monitoring.silence.habit import WINDOW, Habit, learn
from tests.monitoring.silence.office import Rhythm, hours_of

WEEKS = 12
FIRST = (date(2025, 12, 8) - date(1970, 1, 1)).days
LAST = FIRST + WINDOW + 7 * WEEKS
_ALWAYS = ((0.0, 24.0),)
_HOUR = 3_600_000

FEEDS: Mapping[str, Rhythm] = {
    "office, 200/h": Rhythm(200),
    "office, 40/h": Rhythm(40),
    "office, 15/h": Rhythm(15),
    "office, 4/h": Rhythm(4),
    "office, 1/h": Rhythm(1),
    "office and Saturday, 20/h": Rhythm(20, saturday=((7.5, 11.5),)),
    "day and night, 60/h": Rhythm(60, _ALWAYS, _ALWAYS, _ALWAYS),
    "day and night, 6/h": Rhythm(6, _ALWAYS, _ALWAYS, _ALWAYS),
    "one batch an evening": Rhythm(60, ((17.0, 18.0),), unpunctual=20),
    "office, 30/h, days differ by 70 %": Rhythm(30, days_differ=0.7, unpunctual=40),
}


@dataclass(slots=True)
class Past:
    """What a feed has sent, and what was known of it on each day."""

    events: Sequence[int]
    _hours: Sequence[Hour] = field(init=False)
    _habits: dict[int, Habit] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._hours = hours_of("a", self.events)

    def limit(self, last_at: int) -> int | None:
        """Return from when on a silence from `last_at` on is out of the usual."""
        day = day_of(last_at)
        if day not in self._habits:
            begin, end = (bisect_left(self._hours, begin_of(on), key=lambda h: h.at) for on in (day - WINDOW, day))
            self._habits[day] = learn(self._hours[begin:end], day - WINDOW, day)
        return self._habits[day].silent_from(last_at)

    def alarms(self, since: int) -> Sequence[int]:
        """Return the ends of the silences, from a day on, that alarmed although the feed went on."""
        later = self.events[bisect_left(self.events, begin_of(since)) :]
        found = []
        for before, after in pairwise(later):
            if after - before >= _HOUR // 4:
                limit = self.limit(before)
                if limit is not None and limit <= after:
                    found.append(after)
        return found

    def delays(self, rhythm: Rhythm, count: int, seed: int) -> Sequence[float]:
        """Return after how many hours, of those in which it is open, it is missed when it stops at some moment."""
        rng = random.Random(seed)
        some = rng.sample(range(bisect_left(self.events, begin_of(FIRST + WINDOW)), len(self.events)), count)
        limits = [(self.events[n], self.limit(self.events[n])) for n in some]
        return [rhythm.open_hours(last, limit) for last, limit in limits if limit is not None]


def slower(events: Sequence[int], since: int, share: float, seed: int) -> Sequence[int]:
    """Return what is left when a feed sends only a share of it from a day on."""
    rng = random.Random(seed)
    return [at for at in events if day_of(at) < since or rng.random() < share]


def measured(rhythm: Rhythm, seeds: Sequence[int]) -> tuple[float, float, Sequence[float]]:
    """Return the false alarms per feed and week, the same after it slows to a third, and the delays in hours."""
    alarms = slowed = 0
    delays: list[float] = []
    for seed in seeds:
        events = list(rhythm.events(FIRST, LAST, seed))
        past = Past(events)
        alarms += len(past.alarms(FIRST + WINDOW))
        delays += past.delays(rhythm, 30, seed)
        slowed += len(Past(slower(events, LAST - 28, 1 / 3, seed)).alarms(LAST - 28))
    return alarms / len(seeds) / WEEKS, slowed / len(seeds) / 4, sorted(delays)


def main() -> None:
    """Print a table."""
    seeds = range(100, 120)
    for name, rhythm in FEEDS.items():
        alarms, slowed, delays = measured(rhythm, seeds)
        nine = delays[int(0.9 * (len(delays) - 1))]
        words = f"| {name} | {alarms:.3f} | {slowed:.2f} | {median(delays):.1f} | {nine:.1f} | {delays[-1]:.1f} |"
        sys.stdout.write(words + "\n")


if __name__ == "__main__":
    main()
