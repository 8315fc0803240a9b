"""Gathers what the page of one agency shows from the hub's stores. Quick however long its history is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from hub.access import AGENCY, Token, Tokens
from hub.activity.kind import HOUR, Kind
from hub.activity.store import Activity
from hub.agreements import Agreement
from hub.contacts import Contact, Contacts, Outage, Rewind, Rewinds
from hub.cursors import cursor_of
from hub.eventlog import Log
from hub.topics import DELIVER, outbox
from monitoring.connections import Connection, Party, connection_of
from monitoring.console.agency.handed import Handed, handed_to
from monitoring.console.agency.terms import Terms, terms_of
from monitoring.status import Status
from replay.failures import Failures
from replay.selection import Selection
from schemas.catalogue import Catalogue

_HOUR_MS: Final = 3_600_000
#: Outages, rewinds and tokens that are shown.
_SHOWN: Final = 10
#: What is counted of an agency's feed: into it, taken, not taken.
RATES: Final = (Kind.PUBLISHED, Kind.DELIVERED, Kind.REJECTED)


@dataclass(frozen=True, slots=True)
class AgencyStores:
    """Where it is."""

    agreements: Mapping[str, Agreement]
    catalogue: Catalogue
    log: Log
    deliveries: sa.Engine
    contacts: Contacts
    failures: Failures
    #: How the hub stands, at most some seconds old: the numbers that the overview shows too.
    status: Callable[[], Status]
    #: The agencies to which the hub hands events out.
    pushed: frozenset[str]
    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Place:
    """How far a feed is."""

    #: Behind which position comes what the agency does not have yet, apart from what is parked; and the cursor there.
    behind: int
    cursor: str
    #: The last position of the feed.
    last: int
    delivered: int


@dataclass(frozen=True, slots=True)
class Rates:
    """Events in each hour of the last day and of the last week, by what happened to them, the latest last."""

    day: Mapping[Kind, Sequence[int]]
    week: Mapping[Kind, Sequence[int]]


@dataclass(frozen=True, slots=True)
class AgencyView:
    """Everything that the page shows."""

    terms: Terms
    connection: Connection
    contact: Contact
    #: Whether the agency fetches its events itself.
    fetches: bool
    place: Place
    handed: Handed
    #: Groups of failures, as `replay.failures.Failures.groups` says it.
    failures: Mapping[str, Any]
    outages: Sequence[Outage]
    rewinds: Sequence[Rewind]
    tokens: Sequence[Token]
    rates: Rates

    @property
    def rewind(self) -> Rewind | None:
        """The rewind that is under way."""
        return next((one for one in self.rewinds if one.ended_at is None), None)


def view_of(stores: AgencyStores, agency: str) -> AgencyView:
    """Look at an agency that has an agreement."""
    now, agreement = stores.now(), stores.agreements[agency]
    contact, fetches = stores.contacts.of(agency), agency not in stores.pushed
    status = stores.status().agencies[agency]
    party = Party(agency, agreement.name_vi, agreement.name_en, agreement.sector, agreement.delivery["way"])
    committed, last = stores.log.extent(outbox(agency), DELIVER)
    behind = min(contact.asked_behind or 0, last) if fetches else committed
    tokens = list(Tokens(stores.deliveries).every(AGENCY, agency))[::-1]
    return AgencyView(
        terms_of(agreement, stores.catalogue, now),
        connection_of(party, contact, status, now),
        contact,
        fetches,
        Place(behind, cursor_of(agency, behind), last, status.delivered),
        handed_to(stores.deliveries, agency),
        stores.failures.groups(Selection(agency=agency)),
        stores.contacts.outages(agency, _SHOWN),
        Rewinds(stores.deliveries).of(agency)[:_SHOWN],
        tokens[:_SHOWN],
        rates_of(Activity(stores.deliveries), agency, now),
    )


def rates_of(activity: Activity, agency: str, now: int) -> Rates:
    """Return what was counted of an agency's feed by the hour, the hour that runs included."""
    since = now - now % _HOUR_MS + _HOUR_MS - 7 * 24 * _HOUR_MS
    week = {kind: activity.series(kind, [agency], since, now + 1, HOUR)[agency] for kind in RATES}
    return Rates({kind: series[-24:] for kind, series in week.items()}, week)
