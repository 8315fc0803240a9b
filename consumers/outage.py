"""What to do while an agency is out: how long to pause, and in which order to look for a single culprit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from hub.eventlog import Record


class Stop(Protocol):
    """Asks a loop to end, as `threading.Event` does."""

    def is_set(self) -> bool:
        """Return whether the loop shall end."""

    def wait(self, timeout: float, /) -> bool:
        """Sleep up to `timeout` seconds, and no longer than until the loop shall end."""


class Never:
    """A `Stop` for work that nobody interrupts and that does not sleep."""

    def is_set(self) -> bool:
        """Return False."""
        return False

    def wait(self, _timeout: float) -> bool:
        """Return at once."""
        return False


NEVER = Never()


@dataclass(frozen=True, slots=True)
class Patience:
    """How a delivery loop waits. Times in seconds."""

    #: The pause after the first outage; it doubles with every further one, up to `longest_pause`.
    first_pause: float = 0.5
    longest_pause: float = 60.0
    #: After so many outages in a row a batch is tried event by event.
    isolate_after: int = 5
    #: So many single events are tried without any answer before it is taken for a real outage.
    probes: int = 20
    #: The pause when there is nothing to hand out.
    idle_pause: float = 0.2

    def pause(self, outages: int) -> float:
        """Return how long to wait after so many outages in a row (1 and more)."""
        doublings = min(outages - 1, 60)  # beyond that a float says nothing more
        return min(self.longest_pause, self.first_pause * 2.0**doublings)


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard to try with a batch: all at once only, or one by one when all at once fails."""

    isolate: bool = False
    #: Outages in a row so far; each search for a culprit starts behind where the last one gave up.
    outages: int = 0
    probes: int = 20
    stop: Stop = NEVER
    #: What the agency took last, if known: taken again, it proves that the agency is there.
    witness: Record | None = None


def search_order(records: Sequence[Record], effort: Effort) -> list[Record]:
    """Return the records in the order of trying them one by one: another first one after each outage."""
    start = effort.outages * effort.probes % len(records)
    return [*records[start:], *records[:start]]
