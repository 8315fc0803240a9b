"""When a failed delivery is tried again without anyone asking. Pure: no clock, no store."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

#: Milliseconds of each unit.
_UNITS: Final = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PAUSE = re.compile(r"([1-9][0-9]{0,5})([smhd])", re.ASCII)

#: The pauses after the first, second, … failed attempt: 12 attempts over 34 hours and 46 minutes. Short at first, for
#: what mends itself; long enough in the end for a night and a working day. After the last an operator decides.
DEFAULT: Final = ("1m", "5m", "10m", "30m", "1h", "2h", "3h", "4h", "6h", "8h", "10h")


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses after the first, second, … failed attempt, in ms; when they are used up, an operator decides.

    Without any pauses an operator decides at once.
    """

    pauses: Sequence[int] = ()
    #: Error class → its own pauses.
    by_class: Mapping[str, Sequence[int]] = field(default_factory=dict)

    def __call__(self, attempts: int, error_class: str, now: int) -> int | None:
        """Return when to try again after so many attempts (1 and more), in ms since 1970 UTC, or None."""
        pauses = self.by_class.get(error_class, self.pauses)
        return now + pauses[attempts - 1] if attempts <= len(pauses) else None


#: Nothing is tried again by itself.
OPERATOR_DECIDES = Schedule()


def pause_of(text: str) -> int:
    """Return the milliseconds of a pause such as 30s, 5m, 2h or 1d. Raises ValueError."""
    found = _PAUSE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no pause: write a whole number from 1 to 999999 and s, m, h or d, such as 30s")
    return int(found[1]) * _UNITS[found[2]]


def schedule_of(delivery: Mapping[str, Any]) -> Schedule:
    """Return the schedule that the delivery part of an agreement names, else the default."""
    return Schedule(tuple(pause_of(text) for text in delivery.get("schedule", DEFAULT)))
