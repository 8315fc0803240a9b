"""How each agency is connected, from what really happens: by state, and by sector against a target."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from hub.contacts import Contact
from monitoring.status import AgencyStatus
from schemas.conversion import rfc3339

#: The sectors that agreements name, in the order in which they are shown.
SECTORS: Final = ("ministry", "enterprise", "telecom", "bank", "locality", "health_facility")
#: An agency is silent after so many times the pause that is usual for it, but not before the shortest time, nor later
#: than the longest. Milliseconds.
_TIMES: Final = 10
_SHORTEST: Final = 15 * 60_000
_LONGEST: Final = 7 * 86_400_000


class State(StrEnum):
    """How an agency is connected."""

    #: It answers, or asks, as often as is usual for it.
    CONNECTED = "connected"
    #: Nothing has been heard of it for much longer than is usual.
    SILENT = "silent"
    #: It does not answer.
    FAILING = "failing"
    SUSPENDED = "suspended"
    NEVER_CONNECTED = "never_connected"


@dataclass(frozen=True, slots=True)
class Party:
    """An agency as its agreement has it."""

    agency: str
    name_vi: str
    name_en: str
    sector: str
    way: str


@dataclass(frozen=True, slots=True)
class Connection:
    """How one agency is connected. Times are ms since 1970 UTC."""

    party: Party
    state: State
    last_contact: int | None
    #: The pause between two contacts that is usual for it.
    usual_gap_ms: int | None
    #: When the oldest event came into its feed that it does not have.
    oldest_undelivered: int | None
    pending: int
    parked: int
    #: Why it is failing or suspended.
    reason: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return it with times in RFC 3339."""
        return {
            "agency": self.party.agency,
            "name": {"vi": self.party.name_vi, "en": self.party.name_en},
            "sector": self.party.sector,
            "way": self.party.way,
            "state": self.state.value,
            "last_contact": None if self.last_contact is None else rfc3339(self.last_contact),
            "usual_gap_seconds": None if self.usual_gap_ms is None else self.usual_gap_ms / 1000,
            "oldest_undelivered": None if self.oldest_undelivered is None else rfc3339(self.oldest_undelivered),
            "pending": self.pending,
            "parked": self.parked,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class Sector:
    """How a sector stands against its target."""

    sector: str
    #: State → number of agencies, every state.
    states: Mapping[State, int]
    #: How many shall be connected, if that is known.
    target: int | None

    @property
    def total(self) -> int:
        """Return how many agencies of the sector have an agreement."""
        return sum(self.states.values())

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        counts = {state.value: count for state, count in self.states.items()}
        return {"sector": self.sector, "target": self.target, "total": self.total, **counts}


def connection_of(party: Party, contact: Contact, status: AgencyStatus, now: int) -> Connection:
    """Say how an agency is connected at `now`. Pure."""
    reason = None
    if contact.suspended is not None:
        reason = contact.suspended.reason
    elif contact.failing is not None:
        reason = contact.failing.reason
    return Connection(
        party,
        state_of(contact, now),
        contact.last_ok_at,
        contact.usual_gap_ms,
        status.oldest,
        status.pending,
        status.parked,
        reason,
    )


def state_of(contact: Contact, now: int) -> State:
    """Return how the contact stands at `now`. A clock that went back makes nobody silent."""
    if contact.suspended is not None:
        return State.SUSPENDED
    if contact.failing is not None:
        return State.FAILING
    if contact.last_ok_at is None:
        return State.NEVER_CONNECTED
    return State.SILENT if now - contact.last_ok_at > silent_after(contact) else State.CONNECTED


def silent_after(contact: Contact) -> int:
    """Return the milliseconds without a contact after which an agency is silent."""
    usual = _LONGEST if contact.usual_gap_ms is None else _TIMES * contact.usual_gap_ms
    return min(max(usual, _SHORTEST), _LONGEST)


def by_sector(connections: Iterable[Connection], targets: Mapping[str, int]) -> Sequence[Sector]:
    """Count the connections of every sector and state."""
    counts = {sector: dict.fromkeys(State, 0) for sector in SECTORS}
    for one in connections:
        counts[one.party.sector][one.state] += 1
    return [Sector(sector, states, targets.get(sector)) for sector, states in counts.items()]
