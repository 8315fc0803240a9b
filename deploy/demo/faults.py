"""Trouble for the demo: a system that is down for a while, and one that rejects some events until it is repaired."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from hub.destination import Destination, Event, Receipt, Rejection, Unavailable


@dataclass(slots=True)
class Down:
    """An agency's real system behind a line that is down from the first call on, for some seconds."""

    system: Destination
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _until: float | None = None

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Deliver when the line is up again."""
        if self._until is None:
            self._until = self.clock() + self.seconds
        if self.clock() < self._until:
            raise Unavailable("the line is down (demo)")
        return self.system.deliver(events)


@dataclass(slots=True)
class Picky:
    """An agency's real system that rejects one event in `one_in` by its id, as a bug in it would."""

    system: Destination
    one_in: int
    rejected: set[str] = field(default_factory=set)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Reject some; the system takes the others."""
        bad = [event for event in events if self._rejects(event.event_id)]
        self.rejected.update(event.event_id for event in bad)
        receipt = self.system.deliver([event for event in events if event not in bad])
        rejections = [Rejection(event.event_id, "demo", "the demo's land system has a bug") for event in bad]
        return Receipt([*receipt.rejected, *rejections])

    def _rejects(self, event_id: str) -> bool:
        return int.from_bytes(hashlib.sha256(event_id.encode()).digest()[:4], "big") % self.one_in == 0
