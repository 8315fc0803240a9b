"""Who may still have what: asked again for every delivery that was kept back, by today's state.

An event may have waited for weeks: meanwhile an agreement may have ended or a consent may have been withdrawn.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

from hub import headers as h
from hub.agreements import Agreement, Agreements
from hub.eventlog import Record
from hub.registers.today import Person, Today
from hub.steps.permit import basis_of
from hub.steps.project import read_value
from schemas.catalogue import Catalogue
from schemas.reference.units import current_province

#: These follow the data: whoever has it must learn of them, whatever holds today.
_FOLLOWS = frozenset({"AddressProtectionChanged", "ConsentWithdrawn"})
#: Whoever had a person must learn that the person has left, and where to; and whoever gets one, that they came.
_MOVES = frozenset({"ResidenceChanged"})


class MayHave(Protocol):
    """Which records an agency may not have any more."""

    def __call__(self, agency: str, records: Sequence[Record], /) -> Mapping[int, str]:
        """Return position → reason (`no_consent`, `no_agreement`, …) for those that may not be handed out now."""


def all_may_go(_agency: str, _records: Sequence[Record]) -> Mapping[int, str]:
    """Nothing is withheld."""
    return {}


class Entitlement:
    """Asks the rules of the pipeline (`hub.steps.address`, `hub.steps.permit`) again, by today's state.

    That is: by today's agreements and their populations, consents, protection, and where the person lives now.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        agreements: Agreements,
        today: Today,
        now: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        """`now` gives milliseconds since 1970 UTC."""
        self._catalogue = catalogue
        self._agreements = agreements
        self._today = today
        self._now = now

    def __call__(self, agency: str, records: Sequence[Record]) -> Mapping[int, str]:
        """Return position → reason for the records that the agency may not have now."""
        now = self._now()
        anybody = self._about_anybody(agency, now)
        asked = [r for r in records if r.headers.get(h.TYPE) not in anybody and not _follows(r)]
        if not asked:
            return {}
        agreement = self._agreements.by_agency.get(agency)
        by_place = agreement is not None and agreement.population.provinces is not None
        persons = self._today.persons_of(list({record.key for record in asked}), with_provinces=by_place)
        found = {record.position: self._reason(agency, record, persons[record.key], now) for record in asked}
        return {position: reason for position, reason in found.items() if reason}

    def _about_anybody(self, agency: str, now: int) -> frozenset[str]:
        """Return the types that the agency may have whoever the person is: that saves asking for the persons."""
        agreement = self._agreements.by_agency.get(agency)
        if agreement is None or agreement.population.limited:
            return frozenset()
        statutory = (name for name, grant in agreement.grants.items() if grant.statute is not None)
        return frozenset(name for name in statutory if not basis_of(agreement, name, now, None, None)[1])

    def _reason(self, agency: str, record: Record, person: Person, now: int) -> str:
        agreement, type_name = self._agreements.by_agency.get(agency), record.headers.get(h.TYPE, "")
        grant = agreement.grants.get(type_name) if agreement else None
        if not type_name:
            return ""  # unreadable, which others say
        if agreement is None or grant is None:
            return "no_agreement"
        if not self._covers(agreement, record, person):
            return "not_in_population"
        consent = person.consents.get((agency, grant.purpose))
        return basis_of(agreement, type_name, now, person.protection, consent)[1]

    def _covers(self, agreement: Agreement, record: Record, person: Person) -> bool:
        """Say whether the person is one of those whose events the agency may have: by number, or by province."""
        listed, provinces = agreement.population.persons, agreement.population.provinces
        if listed is not None:
            return not listed.isdisjoint(person.numbers)
        if provinces is None or person.province is None or person.province in provinces:
            return True
        return record.headers[h.TYPE] in _MOVES or not provinces.isdisjoint(self._named_in(agreement, record))

    def _named_in(self, agreement: Agreement, record: Record) -> Iterator[str]:
        """Yield the current codes of the provinces in the addresses that the agency sees of an event."""
        view = self._catalogue.view(agreement.agency, record.headers[h.TYPE])
        try:
            content = read_value(self._catalogue, record.value)
            addresses = [content.get(name) for name in view.address_fields] if view is not None else []
            yield from (current_province(one["code_system"], one["province_code"]) for one in addresses if one)
        except (KeyError, ValueError, EOFError, IndexError):
            return  # what can't be read is for others to say


def _follows(record: Record) -> bool:
    return record.headers.get(h.CHANGE) == "ANNULLED" or record.headers.get(h.TYPE) in _FOLLOWS
