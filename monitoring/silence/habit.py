"""What a feed's own past says about its silences: how much each quarter of an hour without an event tells. Pure."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nlargest
from itertools import accumulate, pairwise
from math import log, log1p
from typing import Final

from hub.activity import Hour
from monitoring.silence.calendar import KINDS, WORKDAYS, begin_of, day_of, like

#: Days of the past that a habit is learnt from.
WINDOW: Final = 56
#: Quarters of an hour in a day; minutes of one; bits of one in an hour's minutes.
_QUARTERS: Final = 96
_MINUTES: Final = 15
_QUARTER: Final = _MINUTES * 60_000
_BITS: Final = (1 << _MINUTES) - 1
#: A silence tells enough when it would be as rare as this, if the feed went on as ever.
_RARE: Final = 1e-6
#: No quarter of an hour alone tells more than this, so that one is never enough: people are unpunctual.
_MOST: Final = 10.0
#: What has happened so often in the window is a habit; a silence must tell so much more.
_HABIT: Final = 2
_MORE: Final = 1.5
#: Days alike from which on one that was silent passes for an exception; below the other, all working days are alike.
_EXCEPTION: Final = 6
_ALIKE: Final = 4


@dataclass(frozen=True, slots=True)
class Habit:
    """When a feed usually speaks."""

    #: For each kind of day: how much silence since midnight tells (as -ln of its probability) up to each quarter.
    told: Sequence[array[float]]
    #: How much a silence must tell to be out of the usual.
    enough: float
    #: Events per hour by kind of day and hour.
    usual: array[float]
    #: Quarters of an hour in which it spoke, of all that were looked at.
    spoken: int

    def usual_at(self, at: int) -> float:
        """Return how many events an hour are usual at a time (ms since 1970 UTC)."""
        day = day_of(at)
        return self.usual[like(day).kind * 24 + (at - begin_of(day)) // 3_600_000]

    def silent_from(self, last_at: int) -> int | None:
        """Return from when on a silence that began at `last_at` is out of the usual (both ms since 1970 UTC).

        Silence is judged by whole quarters of an hour: of a part of one nobody knows whether its events come last.
        None: not within a window.
        """
        first = day_of(last_at)
        quarter = (last_at - begin_of(first)) // _QUARTER + 1
        missing = self.enough
        for day in range(first, first + WINDOW):
            kind, weight = like(day)
            told = self.told[kind]
            here = (told[-1] - told[quarter]) * weight
            if here >= missing:
                reached = bisect_left(told, told[quarter] + missing / weight)
                return begin_of(day) + min(reached, _QUARTERS) * _QUARTER
            missing -= here
            quarter = 0
        return None


def learn(hours: Iterable[Hour], since: int, until: int) -> Habit:
    """Learn a habit from the hours in which a feed spoke, in order, of the days [since, until) (days since 1970)."""
    kinds = [like(day).kind for day in range(since, until)]
    active = [0] * (KINDS * _QUARTERS)
    minutes = [0] * (KINDS * _QUARTERS)
    events = [(0, 0)] * (KINDS * 24)
    spoken: list[int] = []
    begin = begin_of(since)
    for hour in hours:
        place = (hour.at - begin) // _QUARTER
        day, quarter = divmod(place, _QUARTERS)
        slot = kinds[day] * _QUARTERS + quarter
        total, most = events[slot // 4]
        events[slot // 4] = (total + hour.events, max(most, hour.events))
        for part in range(4):
            if bits := hour.minutes >> part * _MINUTES & _BITS:
                active[slot + part] += 1
                minutes[slot + part] += bits.bit_count()
                spoken.append(place + part)
    days = [kinds.count(kind) for kind in range(KINDS)]
    told = _told(days, active, minutes)
    return Habit(told, _enough(told, since, until, spoken), _usual(days, events), len(spoken))


def _told(days: Sequence[int], active: Sequence[int], minutes: Sequence[int]) -> Sequence[array[float]]:
    found = []
    for kind in range(KINDS):
        alike = WORKDAYS if kind in WORKDAYS and days[kind] < _ALIKE else (kind,)
        count = sum(days[k] for k in alike)
        quarters = zip(_together(active, alike), _together(minutes, alike), strict=True)
        tells = [_tells(count, spoke, spent) if spoke else 0.0 for spoke, spent in quarters]
        found.append(array("d", accumulate(tells, initial=0.0)))
    return found


def _together(counts: Sequence[int], kinds: Sequence[int]) -> Sequence[int]:
    """Return a day's quarters, added up over kinds of days."""
    return list(map(sum, zip(*(counts[k * _QUARTERS : (k + 1) * _QUARTERS] for k in kinds), strict=True)))


def _tells(days: int, active: int, minutes: int) -> float:
    """Return what a silent quarter of an hour tells: -ln of its probability.

    Of `days` alike the feed spoke on `active` in that quarter, in so many `minutes` of them all. It is no rarer than
    it was (but one silence among many days is an exception), nor than if each minute were for itself; a thousand
    events in one minute are one.
    """
    silent = days - active
    if silent == 1 and days >= _EXCEPTION:
        silent, days = 0, active
    by_minute = min(_MOST, -_MINUTES * log1p(-minutes / (_MINUTES * days + 1)))
    return min(by_minute, -log(silent / days)) if silent else by_minute


def _enough(told: Sequence[array[float]], since: int, until: int, spoken: Sequence[int]) -> float:
    """Return how much a silence must tell: more than those that have happened again and again."""
    days = [like(day) for day in range(since, until)]
    before = [0.0, *accumulate(told[kind][-1] * weight for kind, weight in days)]

    def up_to(place: int) -> float:
        day, quarter = divmod(place, _QUARTERS)
        return before[day] + told[days[day].kind][quarter] * days[day].weight

    past = [up_to(later) - up_to(earlier + 1) for earlier, later in pairwise(spoken) if later > earlier + 1]
    usual = nlargest(_HABIT, past)
    return max(-log(_RARE), _MORE * usual[-1] if len(usual) == _HABIT else 0.0)


def _usual(days: Sequence[int], events: Sequence[tuple[int, int]]) -> array[float]:
    """Return the mean per hour without the largest, which may have been a mass run."""
    found = array("d")
    for slot, (total, most) in enumerate(events):
        count = days[slot // 24]
        found.append((total - most) / (count - 1) if count > 2 else total / max(1, count))
    return found
