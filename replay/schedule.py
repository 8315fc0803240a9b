"""When a failed delivery is tried again without anyone asking. Pure: no clock, no store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Schedule:
    """Pauses after the first, second, … failed attempt, in ms; when they are used up, an operator decides.

    Without any pauses (the default) an operator decides at once: an agency that refuses an event would mostly
    refuse it again, until someone has mended the cause.
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
