"""Pure: what is odd about a verification. The rules that raise alerts about persons are all here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_MINUTE, _DAY = 60_000, 86_400_000
#: Vietnam is seven hours ahead of UTC.
_VIETNAM = 7 * 3_600_000


class Thresholds(NamedTuple):
    """From when on something is odd."""

    #: Minutes within which nobody comes from one province to another.
    distant_minutes: float = 30.0
    #: Hours after which a device that says nothing is silent.
    silent_hours: float = 72.0
    #: Days that an event may be old when it arrives.
    window_days: float = 14.0

    @property
    def window(self) -> int:
        """How old an event may be, in milliseconds."""
        return int(self.window_days * _DAY)

    @property
    def distant(self) -> int:
        """The same as `distant_minutes`, in milliseconds."""
        return int(self.distant_minutes * _MINUTE)


class Sighting(NamedTuple):
    """A person's card was read somewhere."""

    event_id: str
    occurred_at: int
    site_id: str
    #: Today's code of the site's province, or None.
    province: str | None
    clock: str


def after_death(occurred_at: int, died_on: int | None) -> bool:
    """Whether something (ms since 1970 UTC) happened after the day of a death (days since 1970, in Vietnam).

    On the day itself the person may still have come. A death on an unknown day counts as before.
    """
    return died_on is None or (occurred_at + _VIETNAM) // _DAY > died_on


def distant(one: Sighting, others: Iterable[Sighting], within: int) -> list[Sighting]:
    """Return the others that are in another province within so many milliseconds of this one, the nearest first.

    Sites without a province, and clocks that no time server sets, say nothing.
    """
    if one.province is None or one.clock == "unsynced":
        return []
    found = [
        other
        for other in others
        if other.event_id != one.event_id
        and other.province not in (None, one.province)
        and other.clock != "unsynced"
        and abs(other.occurred_at - one.occurred_at) <= within
    ]
    return sorted(found, key=lambda other: (abs(other.occurred_at - one.occurred_at), other.event_id))
