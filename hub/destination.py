"""The port to an agency's system: it takes events and answers with a receipt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from hub.eventlog import Record


@dataclass(frozen=True, slots=True)
class Event:
    """One event as an agency may see it: the envelope, its basis, and the fields of the agency's view."""

    event_id: str
    type: str
    source: str
    #: The person: the 12-digit personal number that is valid now.
    subject: str
    #: RFC 3339 in UTC, to the millisecond: when it was true; when the register wrote it.
    occurred_at: str
    registered_at: str
    #: CREATED, CORRECTED, ANNULLED or CEASED.
    change: str
    previous_event_id: str | None
    fact_id: str
    fact_version: int
    bulk_id: str | None
    #: Position in the agency's feed: rises by one, for cursors and for seeing gaps.
    sequence: int
    legal_basis: str
    purpose: str
    #: The fields of the view. Dates are ISO strings. Empty for ANNULLED.
    data: Mapping[str, Any] = field(default_factory=dict)
    #: True when what this event corrects has never been seen by the hub.
    unmatched: bool = False
    #: True when an operator sent it again.
    replayed: bool = False


@dataclass(frozen=True, slots=True)
class Rejection:
    """The agency refuses this event itself; others may go on."""

    event_id: str
    #: A short, stable class for grouping, such as `constraint` or `unreadable`.
    error_class: str
    #: For the operator, without personal data.
    message: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The agency's answer to a batch: every event not rejected is durably applied."""

    rejected: Sequence[Rejection] = ()


class Unavailable(Exception):
    """The agency can't take anything now. Nothing of the batch may be taken as applied; it comes again."""

    def __init__(self, reason: str, retry_after: float | None = None) -> None:
        """`reason` is for the operator, without personal data; `retry_after`: seconds that the agency asked for."""
        super().__init__(reason)
        self.retry_after = retry_after


class Gone(Unavailable):
    """The agency wants no more events: it is suspended until an operator resumes it. Nothing is lost."""


class Destination(Protocol):
    """An agency's system."""

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Apply events in order, each exactly once however often it comes. Raises `Unavailable`."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record of a feed that can't be made into an event: it is kept whole for an operator."""

    #: For the operator, without personal data.
    message: str


class OpenEvents(Protocol):
    """How the records of an agency's feed become the events that it may see today."""

    def __call__(self, agency: str, records: Sequence[Record], /, *, replayed: bool) -> Sequence[Event | Unreadable]:
        """Return one answer per record, in order, shielded by the protection that holds at this moment."""
