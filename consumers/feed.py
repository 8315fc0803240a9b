"""What the delivery loop of one agency works with, and what it says about a turn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from consumers.gate import Gate, Open
from consumers.line import Line
from consumers.outage import Patience
from consumers.people import SamePerson, each_alone
from hub.deliveries import Deliveries
from hub.destination import Destination, OpenEvents
from hub.entitlement import MayHave, all_may_go
from hub.eventlog import EventLog, Record
from hub.observe import BatchDelivered, Observer, nobody, quiet
from hub.topics import outbox


class Schedule(Protocol):
    """When a failed delivery is tried again without anyone asking."""

    def __call__(self, attempts: int, error_class: str, now: int, /) -> int | None:
        """Return when it is due after so many attempts (ms since 1970 UTC), or None: an operator decides."""


def operator_decides(_attempts: int, _error_class: str, _now: int) -> int | None:
    """Nothing is tried again by itself."""
    return None


@dataclass(frozen=True, slots=True)
class Feed:
    """One agency's feed, with everything that handing it out takes."""

    agency: str
    log: EventLog
    store: Deliveries
    destination: Destination
    open_events: OpenEvents
    same_person: SamePerson = each_alone
    schedule: Schedule = operator_decides
    #: Asked for everything that was kept back, when its turn comes: its legal basis may have ended meanwhile.
    may_have: MayHave = all_may_go
    observe: Observer = nobody
    #: Told after each turn of the loop, with the seconds that it rests because the agency is away.
    on_turn: Callable[[float], None] = quiet
    #: Seconds since 1970 UTC.
    clock: Callable[[], float] = time.time
    patience: Patience = field(default_factory=Patience)
    #: Records per batch.
    limit: int = 500
    #: Where many loops work in one process: who may work now.
    gate: Gate = field(default_factory=Open)
    #: Who notes contacts and tells what operators have ordered; None: nobody.
    line: Line | None = None

    @property
    def topic(self) -> str:
        """Where the agency's events are."""
        return outbox(self.agency)

    def now(self) -> int:
        """Return the time in milliseconds since 1970 UTC."""
        return int(self.clock() * 1000)


@dataclass(frozen=True, slots=True)
class Progress:
    """What one turn of the loop has done."""

    delivered: int = 0
    #: Refused by the agency, unreadable, or a poison event: parked now.
    rejected: int = 0
    waiting: int = 0
    #: Of those delivered: sent again on request.
    replayed: int = 0
    #: Records that the group has put behind it.
    committed: int = 0
    #: Another loop was quicker: read again.
    moved: bool = False
    #: An event that the agency has just taken.
    witness: Record | None = None
    #: A part of a feed that an operator has rewound.
    rewound: bool = False
    #: The agency itself has said something.
    answered: bool = field(default=False, compare=False)
    #: Of those that the agency has now for the first time: seconds since their register had written them.
    latencies: Sequence[float] = field(default=(), compare=False)

    @property
    def idle(self) -> bool:
        """True when there was nothing to do."""
        return self == Progress()

    def __add__(self, other: Progress) -> Progress:
        """Return both together."""
        return Progress(
            self.delivered + other.delivered,
            self.rejected + other.rejected,
            self.waiting + other.waiting,
            self.replayed + other.replayed,
            self.committed + other.committed,
            self.moved or other.moved,
            other.witness or self.witness,
            self.rewound or other.rewound,
            self.answered or other.answered,
            (*self.latencies, *other.latencies),
        )


def tell(feed: Feed, progress: Progress, started: float) -> None:
    """Tell the observer what was done since `started` (by the feed's clock)."""
    if progress.idle:
        return
    seconds = feed.clock() - started
    counts = (progress.delivered, progress.rejected, progress.waiting, progress.replayed)
    feed.observe(BatchDelivered(feed.agency, *counts, seconds, tuple(progress.latencies)))
