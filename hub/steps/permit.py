"""Step 6: find out who *may* have each event: on which legal basis, and how much under the person's protection.

Statute or consent: Law on Personal Data Protection 91/2025/QH15; consents are events too, taken here in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from hub.agreements import Agreement, Grant
from hub.arrival import Arrival
from hub.facts import Consent, Facts
from hub.steps.address import Addressed

_MILLISECONDS_OF_A_DAY = 86_400_000
#: Vietnam is seven hours ahead of UTC: a consent ends with its last day there.
_VIETNAM = 7 * 3_600_000

#: The types that say something about who may have what.
_TELLING = frozenset({"AddressProtectionChanged", "ConsentGranted", "ConsentWithdrawn"})

STRICT = "STRICT"
CONFIDENTIAL = "CONFIDENTIAL"


class Permitted(NamedTuple):
    """An event that one agency may have."""

    arrival: Arrival
    agency: str
    purpose: str
    #: `statute: …`, `consent: <event id of the consent>` or `follows: …` for what follows data once sent.
    basis: str
    #: Without its addresses, because of the person's protection.
    shielded: bool


class Withheld(NamedTuple):
    """An event that one agency would get, but may not have."""

    arrival: Arrival
    agency: str
    purpose: str
    #: no_consent, consent_withdrawn, consent_expired, no_agreement or protected.
    reason: str


@dataclass(slots=True)
class Permissions:
    """What the step found, and what it learnt about consents and protection on the way."""

    allowed: list[Permitted] = field(default_factory=list)
    withheld: list[Withheld] = field(default_factory=list)
    consents: list[tuple[Arrival, str, str, Consent]] = field(default_factory=list)
    protection: list[tuple[Arrival, str]] = field(default_factory=list)


def permit(addressed: Sequence[Addressed], facts: Facts, read: Callable[[Arrival], Mapping[str, Any]]) -> Permissions:
    """Split recipients into those who may have an event and those from whom it is withheld, in order."""
    rules = _Rules(facts, read)
    for arrival, recipients in addressed:
        if arrival.type in _TELLING:
            rules.take_note(arrival)
        rules.decide(arrival, recipients)
    return rules.found


def basis_of(
    agreement: Agreement, type_name: str, at: int, level: str | None, consent: Consent | None
) -> tuple[str | None, str]:
    """Return the legal basis of an agency for a type of event at a time (ms since 1970 UTC), or None and why not.

    `level` is the person's protection, `consent` the person's newest word on the agency and the grant's purpose.
    """
    today = _day_of(at)
    grant = agreement.grants.get(type_name)
    if grant is None or not agreement.valid_from <= today <= agreement.valid_until:
        return None, "no_agreement"
    by_place = agreement.population.provinces is not None and type_name != "AddressProtectionChanged"
    if level == STRICT and by_place:
        return None, "protected"  # that the event comes at all would tell the province
    if grant.statute is not None:
        return f"statute: {grant.statute}", ""
    if consent is None:
        return None, "no_consent"
    if not consent.given:
        return None, "consent_withdrawn"
    if consent.valid_until is not None and consent.valid_until < today:
        return None, "consent_expired"
    return f"consent: {consent.event_id}", ""


def _day_of(at: int) -> int:
    return (at + _VIETNAM) // _MILLISECONDS_OF_A_DAY


class _Rules:
    """The fold over one batch: consents, protection and who has what, after the events taken so far."""

    def __init__(self, facts: Facts, read: Callable[[Arrival], Mapping[str, Any]]) -> None:
        self.found = Permissions()
        self._read = read
        self._consents = dict(facts.consents)
        self._protection = dict(facts.protection)
        self._has_fact = defaultdict(set, {fact: set(names) for fact, names in facts.received.items()})
        self._knows = defaultdict(set, {person: set(names) for person, names in facts.received_about.items()})
        self._named: str | None = None
        #: (agency, type, day) → what an agreement says whoever the person is.
        self._statutory: dict[tuple[str, str, int], tuple[str | None, str]] = {}

    def take_note(self, arrival: Arrival) -> None:
        """Learn what the event says about consent or protection; it holds from this event on."""
        self._named = None
        if arrival.type == "AddressProtectionChanged":
            level = "NONE" if arrival.change == "CEASED" else self._read(arrival)["level"]
            self._protection[arrival.person] = level
            self.found.protection.append((arrival, level))
        else:
            self._take_consent(arrival)

    def _take_consent(self, arrival: Arrival) -> None:
        if arrival.change == "ANNULLED":
            ended = [
                key
                for key, c in self._consents.items()
                if key[0] == arrival.person and c.event_id == arrival.previous_id
            ]
            for _, agency, purpose in ended:
                self._set_consent(arrival, agency, purpose, Consent(False, None, arrival.event_id))
            return
        said = self._read(arrival)
        self._named = said["agency"]
        given = arrival.type == "ConsentGranted"
        consent = Consent(given, said.get("valid_until"), arrival.event_id)
        self._set_consent(arrival, said["agency"], said["purpose"], consent)

    def _set_consent(self, arrival: Arrival, agency: str, purpose: str, consent: Consent) -> None:
        self._consents[arrival.person, agency, purpose] = consent
        self.found.consents.append((arrival, agency, purpose, consent))

    def decide(self, arrival: Arrival, recipients: Sequence[tuple[Agreement, Grant]]) -> None:
        """Decide about one event and those who would get it."""
        level, day, telling = self._protection.get(arrival.person), _day_of(arrival.at), arrival.type in _TELLING
        has, knows = self._has_fact[arrival.fact], self._knows[arrival.person]
        basis: str | None
        for agreement, grant in recipients:
            agency = grant.agency
            if arrival.change == "ANNULLED":
                if agency not in has:
                    continue
                basis, reason = f"follows: annuls what {agency} received", ""
            elif (telling or grant.only_if_received) and self._does_not_concern(arrival, agreement, grant):
                continue
            else:
                basis, reason = self._basis(arrival, agreement, grant, level, day)
            if basis is None:
                self.found.withheld.append(Withheld(arrival, agency, grant.purpose, reason))
                continue
            shielded = level is not None and (level == STRICT or (level == CONFIDENTIAL and grant.statute is None))
            self.found.allowed.append(Permitted(arrival, agency, grant.purpose, basis, shielded))
            has.add(agency)
            knows.add(agency)

    def _does_not_concern(self, arrival: Arrival, agreement: Agreement, grant: Grant) -> bool:
        """Consents concern the agency they name; a change of protection, limited agencies that know the person."""
        if arrival.type in _TELLING:
            if arrival.type != "AddressProtectionChanged":
                return self._named is not None and grant.agency != self._named
            if agreement.population.limited:
                return grant.agency not in self._knows[arrival.person]
        return grant.only_if_received and grant.agency not in self._knows[arrival.person]

    def _basis(
        self, arrival: Arrival, agreement: Agreement, grant: Grant, level: str | None, day: int
    ) -> tuple[str | None, str]:
        if grant.statute is None or level is not None:
            consent = self._consents.get((arrival.person, grant.agency, grant.purpose))
            return basis_of(agreement, arrival.type, arrival.at, level, consent)
        key = (grant.agency, arrival.type, day)
        found = self._statutory.get(key)
        if found is None:
            found = self._statutory[key] = basis_of(agreement, arrival.type, arrival.at, None, None)
        return found
