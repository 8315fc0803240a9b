"""What the console's pages work with. deploy/web/console.py fills it from a hub."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from starlette.requests import HTTPConnection

from hub.access import Tokens
from hub.access.bearer import Authenticate
from hub.access.looks import Looks
from hub.access.sessions import Session, Sessions
from hub.activity import Activity
from hub.agreements import Agreements
from hub.contacts import Contacts
from hub.edge.oddities import Thresholds
from hub.eventlog import Log
from hub.procedures.store import Cases
from monitoring.connections import Connection
from monitoring.console.outlook import Outlook
from monitoring.console.repair.persons import Persons as FilteredPersons
from monitoring.fresh import Fresh
from monitoring.looking import Looking
from monitoring.person.file import PersonFiles
from monitoring.procedures import Names as ProcedureNames
from monitoring.standing import Standing
from monitoring.status import Status
from monitoring.words import Words
from replay.desk import Desk
from replay.failures import Failures
from schemas.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that pages need. Whoever owns a page adds what it needs."""

    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]
    #: The database of the deliveries: contacts, replays, audit, sessions.
    deliveries: sa.Engine
    agreements: Agreements
    tokens: Tokens
    sessions: Sessions
    #: Says whose browser it is: a `monitoring.console.visitor.Identify`.
    identify: Callable[[HTTPConnection], Session | None]
    #: The same if that was found out some seconds ago, else None: it is called on the loop and looks nothing up.
    lately: Callable[[HTTPConnection], Session | None]
    #: Says whose bearer token it is, for programs.
    authenticate: Authenticate
    #: How the hub and its agencies stand, at most some seconds old, and as it is for whoever has just changed it.
    standing: Fresh[Standing]
    #: How much happened when.
    activity: Activity
    #: What may need attention beside the agencies' connections.
    outlook: Callable[[], Outlook]
    #: Sector → how many agencies shall be connected.
    targets: Mapping[str, int]
    catalogue: Catalogue
    log: Log
    #: The contact with each agency.
    contacts: Contacts
    #: The agencies to which the hub hands events out; the others fetch them.
    pushed: Sequence[str]
    #: Where replays are planned, approved and steered.
    desk: Desk
    failures: Failures
    #: The numbers by which visitors filter failures: none of them stands in a URL.
    filtered_persons: FilteredPersons
    #: The registers: events, persons, what was set aside.
    registers: sa.Engine
    #: One event, and one person.
    looking: Looking
    persons: PersonFiles
    #: What sessions may see for some minutes.
    looks: Looks
    #: Number → what the audit trail calls the person: never the number.
    mark: Callable[[str], str]
    #: From when on something at a counter is odd.
    thresholds: Thresholds
    #: Why a card was not read or not believed: code → words.
    card_failures: Mapping[str, Words]
    #: The cases of linked procedures, and what everything in them is called.
    cases: Cases
    procedures: ProcedureNames

    def status(self) -> Status:
        """Return how the hub stands, at most some seconds old."""
        return self.standing().status

    def connections(self) -> Sequence[Connection]:
        """Return how every agency is connected, at most some seconds old."""
        return self.standing().connections
