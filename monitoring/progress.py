"""Counts what happens while the hub works, for a live display."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hub.observe import AgencyUnavailable, BatchDelivered, BatchProcessed, Happening
from hub.topics import DUPLICATES, REFUSED, WITHHELD, outbox


@dataclass(frozen=True, slots=True)
class AgencyProgress:
    """What one agency was given since the counting began. All counts only rise."""

    delivered: int = 0
    #: Attempts that the agency refused; an event that is tried again and refused again counts again.
    rejected: int = 0
    #: Put behind a parked event of the same person.
    waiting: int = 0
    #: Of those delivered: taken when sent again.
    replayed: int = 0
    #: Why the agency can't take anything now, or None while it can; and how often in a row it could not.
    outage: str | None = None
    outages: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """What happened since the counting began."""

    #: Records that the pipeline decided about, and how long it took in seconds.
    decided: int = 0
    seconds: float = 0.0
    refused: int = 0
    duplicates: int = 0
    withheld: int = 0
    #: Topic → messages written to it.
    written: Mapping[str, int] = field(default_factory=dict)
    agencies: Mapping[str, AgencyProgress] = field(default_factory=dict)

    def published(self, agency: str) -> int:
        """Return how many events came into an agency's feed."""
        return self.written.get(outbox(agency), 0)


class Tally:
    """An `Observer` that counts. Any number of threads may tell it and ask it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._decided = 0
        self._seconds = 0.0
        self._written: Counter[str] = Counter()
        self._agencies: dict[str, AgencyProgress] = {}

    def __call__(self, happening: Happening) -> None:
        """Take note."""
        with self._lock:
            match happening:
                case BatchProcessed():
                    self._decided += happening.received
                    self._seconds += happening.seconds
                    self._written.update(happening.outputs)
                case BatchDelivered():
                    self._agencies[happening.agency] = _after(self._of(happening.agency), happening)
                case AgencyUnavailable():
                    outage = replace(self._of(happening.agency), outage=happening.reason, outages=happening.times)
                    self._agencies[happening.agency] = outage

    def snapshot(self) -> Progress:
        """Return the counts of this moment."""
        with self._lock:
            written = dict(self._written)
            refused, duplicates, withheld = (written.get(topic, 0) for topic in (REFUSED, DUPLICATES, WITHHELD))
            agencies = dict(self._agencies)
            return Progress(self._decided, self._seconds, refused, duplicates, withheld, written, agencies)

    def _of(self, agency: str) -> AgencyProgress:
        return self._agencies.get(agency, AgencyProgress())


def _after(before: AgencyProgress, answer: BatchDelivered) -> AgencyProgress:
    """Add an answer. Any answer of the agency ends its outage; only putting events behind others is none."""
    answered = bool(answer.delivered or answer.rejected)
    return AgencyProgress(
        before.delivered + answer.delivered,
        before.rejected + answer.rejected,
        before.waiting + answer.waiting,
        before.replayed + answer.replayed,
        None if answered else before.outage,
        0 if answered else before.outages,
    )
