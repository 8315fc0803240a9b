"""What is said of a feed: how long it has been silent, and whether that is usual for it. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitoring.silence.calendar import day_of
from monitoring.silence.habit import WINDOW, Habit
from schemas.conversion import rfc3339

#: Days of its past that must be known before a feed is judged, and quarters of an hour in which it spoke.
LEAST_DAYS = 14
LEAST_SPOKEN = 20


class Why(StrEnum):
    """Why a feed can't be judged."""

    #: Nothing ever came.
    NEVER = "never"
    #: It is not known for long enough.
    NEW = "new"
    #: It speaks so rarely that no silence tells anything.
    RARE = "rare"
    #: It has been silent for longer than anything is learnt from: it has ended.
    GONE = "gone"
    #: Somebody has acknowledged this silence; it holds until the feed speaks again.
    ACKNOWLEDGED = "acknowledged"
    #: The pipeline is behind: what a source has sent may wait to be looked at.
    BEHIND = "behind"


@dataclass(frozen=True, slots=True)
class Silence:
    """How long a feed has been silent."""

    #: `source:` and the source, or `agency:` and the agency whose outbox it is.
    feed: str
    #: When its last event came, ms since 1970 UTC.
    last_at: int | None
    silent_seconds: float
    #: From when on the silence is out of the usual, in seconds after the last event; None where that is not known.
    expected_seconds: float | None
    #: It should have spoken.
    silent: bool
    #: Whether it can be judged.
    known: bool
    why: Why | None = None
    #: Events per hour that are usual now; None where nothing is learnt.
    usual: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it with times in RFC 3339."""
        return {
            "feed": self.feed,
            "last_event": None if self.last_at is None else rfc3339(self.last_at),
            "silent_seconds": round(self.silent_seconds, 1),
            "expected_seconds": self.expected_seconds,
            "usual_per_hour": None if self.usual is None else round(self.usual, 2),
            "silent": self.silent,
            "known": self.known,
            "why": self.why,
        }


def never(feed: str) -> Silence:
    """Return what is said of a feed in which there never was anything."""
    return Silence(feed, None, 0.0, None, silent=False, known=False, why=Why.NEVER)


def verdict(
    feed: str, last_at: int, habit: Habit | None, now: int, *, behind: bool, acknowledged: bool = False
) -> Silence:
    """Judge a feed by its habit; None: it is new. Times in ms since 1970 UTC. A clock that went back alarms nobody."""
    seconds = max(0, now - last_at) / 1000
    limit = habit.silent_from(last_at) if habit is not None and habit.spoken >= LEAST_SPOKEN else None
    why = None
    if habit is None:
        why = Why.NEW
    elif day_of(now) - day_of(last_at) >= WINDOW:
        why = Why.GONE
    elif limit is None:
        why = Why.RARE
    elif acknowledged:
        why = Why.ACKNOWLEDGED
    elif behind:
        why = Why.BEHIND
    expected = None if limit is None else (limit - last_at) / 1000
    silent = why is None and limit is not None and now >= limit
    usual = None if habit is None else habit.usual_at(now)
    return Silence(feed, last_at, seconds, expected, silent, known=why is None, why=why, usual=usual)
