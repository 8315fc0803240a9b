"""The nouns of handing out: what can become of an event for one agency. Times are ms since 1970 UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from hub.eventlog import Record


class State(StrEnum):
    """Where an event stands that could not be handed out at once."""

    #: Tried and not taken. Nothing happens until someone makes it due.
    PARKED = "parked"
    #: Kept back behind an earlier event of the same person; becomes due when that one is taken.
    WAITING = "waiting"
    #: The delivery loop hands it out as soon as `due_at` has come.
    DUE = "due"
    #: Was parked, then replayed and taken.
    DELIVERED = "delivered"
    #: Waited, then was handed out and taken.
    RELEASED = "released"
    #: Nobody may have it any more: there was no legal basis left when its turn came. What waited behind it goes on.
    WITHHELD = "withheld"


#: Not with the agency yet; later events of the same person may not pass.
OPEN = (State.PARKED, State.WAITING, State.DUE)


class Outcome(StrEnum):
    """How one attempt ended."""

    DELIVERED = "delivered"
    #: The agency refused the event itself.
    REJECTED = "rejected"
    #: The hub could not make an event of the record.
    UNREADABLE = "unreadable"
    #: This event alone makes the agency fall over, while it takes others.
    UNAVAILABLE = "unavailable"
    #: It was not even sent: the agency may not have it any more (`hub.entitlement`).
    WITHHELD = "withheld"


class Failure(NamedTuple):
    """Why an event was not taken."""

    outcome: Outcome
    #: A short, stable class for grouping, such as `constraint` or `unreadable`.
    error_class: str
    message: str


class Trial(NamedTuple):
    """One attempt to hand out a record."""

    record: Record
    #: None: it was taken.
    failure: Failure | None
    #: When it ended.
    at: int
    #: How long the call took that carried it, alone or among others.
    seconds: float
    #: When it shall be tried again without anyone asking, or None.
    next_at: int | None = None

    @property
    def closes(self) -> bool:
        """Whether this was the last attempt: what waits behind it may go on."""
        return self.failure is None or self.failure.outcome is Outcome.WITHHELD


class Waiting(NamedTuple):
    """A record that waits behind the open one of the same person at position `behind`."""

    record: Record
    behind: int


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the records of one batch, recorded in one transaction."""

    trials: Sequence[Trial]
    waiting: Sequence[Waiting]
    #: Key of each waiting record → every number of that person.
    numbers: Mapping[str, Sequence[str]]
    #: When the batch was done.
    at: int

    @property
    def positions(self) -> list[int]:
        """Where the records stand in the feed."""
        return [trial.record.position for trial in self.trials] + [w.record.position for w in self.waiting]


@dataclass(frozen=True, slots=True)
class Request:
    """Who wants parked deliveries tried again, why, and since when."""

    by: str
    reason: str
    at: int


@dataclass(frozen=True, slots=True)
class Held:
    """An event kept back for one agency, with the whole record as the log gave it."""

    agency: str
    record: Record
    event_id: str
    type: str
    state: State
    #: Attempts so far; 0 while it only waited.
    attempts: int
    error_class: str | None
    message: str | None
    held_at: int
    #: Position of the open event that it waits behind, or waited behind last.
    behind: int | None
    due_at: int | None
    #: The last request to try again, if any.
    request: Request | None


@dataclass(frozen=True, slots=True)
class Summary:
    """How many events of one agency's feed are kept back, and how many came through by replay."""

    parked: int = 0
    waiting: int = 0
    due: int = 0
    replayed: int = 0
    #: Never sent, because the legal basis had ended when their turn came.
    withheld: int = 0

    @property
    def held(self) -> int:
        """Events behind the committed position that the agency does not have yet.

        So delivered = position committed by the group `deliver` - held - withheld.
        """
        return self.parked + self.waiting + self.due


class FactKind(StrEnum):
    """What is told about an event on its way to one agency."""

    DELIVERED = "delivered"
    PARKED = "parked"
    WAITING = "waiting"
    #: Someone asked to try it again.
    REQUESTED = "requested"
    #: Its turn came, and the agency may not have it any more.
    WITHHELD = "withheld"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened to an event on its way to one agency."""

    at: int
    agency: str
    position: int
    kind: FactKind
    #: Of attempts: the first is 1. 0 for what is no attempt.
    attempt: int = 0
    error_class: str | None = None
    message: str | None = None
    by: str | None = None
    reason: str | None = None
