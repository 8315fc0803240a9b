"""A person's file: who it is today, facts, consents, protection. The pages of events are in `history`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from hub.agreements import Agreements
from hub.edge.details import Details
from hub.eventlog import LogBrowser
from hub.facts import Consent
from hub.registers.today import Today
from hub.steps.permit import STRICT
from monitoring.person.acts import acts_of
from monitoring.person.facts import Fact, current_facts
from monitoring.person.history import Received, received
from schemas.catalogue import Catalogue
from schemas.conversion import iso_date

_MILLISECONDS_OF_A_DAY = 86_400_000
_VIETNAM = 7 * 3_600_000


class ConsentNow(NamedTuple):
    """The person's newest word to one agency on one purpose."""

    agency: str
    purpose: str
    #: `valid`, `consent_withdrawn` or `consent_expired`.
    state: str
    #: The last day, as an ISO date; None: no end.
    until: str | None
    #: The event that proves it.
    event_id: str


@dataclass(frozen=True, slots=True)
class PersonFile:
    """What the hub knows of one person, but for the events."""

    #: The number that is valid now, then earlier ones.
    numbers: Sequence[str]
    #: How many events there are, of the first 5,000.
    events: int
    #: CONFIDENTIAL, STRICT, or None.
    protection: str | None
    #: Current code of the province of residence; None: unknown or protected.
    province: str | None
    facts: Sequence[Fact]
    consents: Sequence[ConsentNow]
    received: Sequence[Received]

    @property
    def known(self) -> bool:
        """Whether the hub has ever heard of the person."""
        return self.events > 0

    def __repr__(self) -> str:
        return "PersonFile(…)"


@dataclass(frozen=True, slots=True)
class PersonFiles:
    """Opens them. It changes nothing; whoever asks writes down why (`hub.audit`)."""

    registers: sa.Engine
    log: LogBrowser
    catalogue: Catalogue
    agreements: Agreements

    def numbers_of(self, number: str) -> Sequence[str]:
        """Return every number of a person, the valid one first."""
        return Today(self.registers).numbers_of([number])[number]

    def of(self, number: str, now: int) -> PersonFile:
        """Return the file of whoever has or had a number, at a time in ms since 1970 UTC."""
        person = Today(self.registers).persons_of([number], with_provinces=True)[number]
        details, strict = Details(self.log, self.catalogue), person.protection == STRICT
        acts, today = acts_of(self.registers, person.numbers, details.at), (now + _VIETNAM) // _MILLISECONDS_OF_A_DAY
        have, events = received(self.registers, person.numbers)
        consents = [_consent(*key, said, today) for key, said in sorted(person.consents.items())]
        return PersonFile(
            numbers=person.numbers,
            events=events,
            protection=None if person.protection == "NONE" else person.protection,
            province=None if strict else person.province,
            facts=current_facts(acts, today, strict=strict),
            consents=consents,
            received=have,
        )


def _consent(agency: str, purpose: str, said: Consent, today: int) -> ConsentNow:
    until = said.valid_until
    state = "valid"
    if not said.given:
        state = "consent_withdrawn"
    elif until is not None and until < today:
        state = "consent_expired"
    return ConsentNow(agency, purpose, state, None if until is None else iso_date(until), said.event_id)
