"""When things happened in the scene: two weeks of working days before it, and its own events over three hours.

The scene is made within seconds; curves of seconds would show nothing, and silence needs a past.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Final

from hub.activity import Activity, Kind
from hub.observe import BatchDelivered, BatchProcessed, Happening
from hub.topics import outbox

_MINUTE, _HOUR = 60_000, 3_600_000
_DAYS: Final = 14
#: Vietnam is seven hours ahead of UTC.
_VIETNAM: Final = 7 * _HOUR
#: The last hours, over which the scene's own events are spread.
SPREAD: Final = 3 * _HOUR
#: Events of a usual working hour in the whole country.
_USUAL: Final = 600
#: How the hours of a working day differ, from seven in the morning; and the share of Saturdays and Sundays.
_OFFICE: Final = (0.4, 1.2, 1.5, 1.3, 0.9, 0.4, 0.8, 1.2, 1.3, 1.0, 0.5, 0.3, 0.2)
_WEEKEND: Final = 0.4
_TYPES: Final = {
    "ResidenceChanged": 34, "BirthRegistered": 16, "CardVerified": 15, "IdentityCardIssued": 12,
    "DeathRegistered": 9, "IdentityAccountActivated": 6, "MarriageRegistered": 5, "ConsentGranted": 3,
}  # fmt: skip
_SOURCES: Final = ("residence/01", "residence/79", "civil-status/01", "civil-status/79", "civil-status/46", "identity")
#: A register that has said nothing for a day.
QUIET: Final = "/registers/civil-status/46"
#: How late deliveries are, of a hundred: upper bound in seconds → count.
_LATE: Final = {"0.5": 20, "1": 48, "2.5": 22, "5": 6, "30": 3, "300": 1}

_Counts = Counter[tuple[Kind, str, int]]


def write_history(activity: Activity, agencies: Sequence[str], provinces: Sequence[str], now: int) -> None:
    """Count what happened in the two weeks before the scene's own day. Times are ms since 1970 UTC."""
    rng, counts = Random(7), _Counts()  # the same curves every time
    midnight = (now + _VIETNAM) // (24 * _HOUR) * 24 * _HOUR - _VIETNAM  # today's events are the scene's own
    last = min(midnight, now - SPREAD) - _HOUR
    for number in range(_DAYS * 24):
        at = last - last % _HOUR - number * _HOUR
        events = _events(at, rng)
        for name, share in _TYPES.items():
            counts[Kind.TYPE, name, at] = events * share // 100
        for n, name in enumerate(_SOURCES):
            source = f"/registers/{name}"
            counts[Kind.SOURCE, source, at] = 0 if source == QUIET and number < 24 else events // (5 + n)
        for n, name in enumerate(provinces):
            counts[Kind.PROVINCE, name, at] = events // (12 + 2 * n)
        for n, name in enumerate(agencies):
            published = int(events / (2 + n % 9) * rng.uniform(0.7, 1.3))
            counts[Kind.PUBLISHED, name, at] = counts[Kind.DELIVERED, name, at] = published
        for bound, share in _LATE.items():
            counts[Kind.LATENCY, bound, at] = events * share // 100
        counts[Kind.DUPLICATE, "event_id", at], counts[Kind.DUPLICATE, "fact", at] = events // 60, events // 90
        counts[Kind.REFUSED, "invalid", at], counts[Kind.WITHHELD, "bank", at] = events // 50, events // 4
    activity.add(counts)


def _events(at: int, rng: Random) -> int:
    """Return how many events come in the hour that begins at a time: few at night and at the weekend."""
    local = (at + _VIETNAM) // _HOUR
    hour, weekday = local % 24, (local // 24 + 3) % 7  # 1 January 1970 was a Thursday
    share = _OFFICE[hour - 7] if 7 <= hour < 7 + len(_OFFICE) else 0.03
    return int(_USUAL * share * (_WEEKEND if weekday >= 5 else 1) * rng.uniform(0.85, 1.15))


class Earlier:
    """Observes what is done in seconds, and counts it as if it had been the work of three hours."""

    def __init__(self, activity: Activity, clock: Callable[[], int]) -> None:
        self._activity = activity
        self._clock = clock
        self._rng = Random(11)

    def __call__(self, happening: Happening) -> None:
        """Count it."""
        counts = _Counts()
        for kind, name, count in _told(happening):
            for _ in range(count):
                counts[kind, name, self._moment()] += 1
        if isinstance(happening, BatchDelivered):
            late = self._rng.choices(list(_LATE), list(_LATE.values()), k=happening.delivered)
            counts.update((Kind.LATENCY, bound, self._moment()) for bound in late)
        self._activity.add(counts)

    def _moment(self) -> int:
        now = self._clock()
        return int(now - self._rng.triangular(0, SPREAD, SPREAD / 3)) // _MINUTE * _MINUTE


def _told(happening: Happening) -> list[tuple[Kind, str, int]]:
    match happening:
        case BatchProcessed():
            before = outbox("")
            published = {topic: count for topic, count in happening.outputs.items() if topic.startswith(before)}
            return [
                *((Kind.TYPE, name, count) for name, count in happening.types.items()),
                *((Kind.SOURCE, name, count) for name, count in happening.sources.items()),
                *((Kind.PROVINCE, name, count) for name, count in happening.provinces.items()),
                *((Kind.PUBLISHED, topic.removeprefix(before), count) for topic, count in published.items()),
                *((Kind(name), label, n) for (name, label), n in happening.tallies.items() if name in list(Kind)),
            ]
        case BatchDelivered(agency=agency, delivered=delivered, rejected=rejected):
            return [(Kind.DELIVERED, agency, delivered), (Kind.REJECTED, agency, rejected)]
        case _:
            return []
