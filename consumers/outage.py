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


#: Up to so many loops in a process don't wait for their batches to grow; beyond, so many seconds for each of them.
_FEW, _GATHER_EACH, _LONGEST_GATHER = 20, 0.005, 2.0
_IDLE = 0.2


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
    idle_pause: float = _IDLE
    #: The pause after a batch that was not full, so that more gathers: for who hands out many feeds at once.
    gather: float = 0.0
    #: The pause between two looks whether a suspended agency has been resumed.
    suspended_pause: float = 1.0
    #: An agency that asks for a longer pause gets it, up to this.
    longest_asked: float = 300.0

    @classmethod
    def among(cls, loops: int) -> Patience:
        """Return the patience of each of so many loops in one process: the more they are, the larger their batches.

        Every batch costs the same few milliseconds, whether it holds one event or hundreds.
        """
        if loops <= _FEW:
            return cls()
        pause = min(_LONGEST_GATHER, loops * _GATHER_EACH)
        return cls(idle_pause=max(_IDLE, pause), gather=pause)

    def pause(self, outages: int, asked: float | None = None) -> float:
        """Return how long to wait after so many outages in a row (1 and more); `asked`: by the agency, in seconds."""
        doublings = min(outages - 1, 60)  # beyond that a float says nothing more
        own = min(self.longest_pause, self.first_pause * 2.0**doublings)
        if asked is None or not asked > own:  # also of what is no number
            return own
        return max(own, min(asked, self.longest_asked))


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
