"""Rules 9 to 11 of the reference model: who gets a published event, who may not, and with how much in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from deploy.demo.expectation import Due, Terms
from deploy.demo.renaming import Numbers
from schemas.reference.units import current_province

Event = dict[str, Any]


class Entitlement:
    """What is known of consents, protection, homes and deliveries after the events published so far."""

    def __init__(self, terms: Sequence[Terms], numbers: Numbers, today: date) -> None:
        self.terms, self.numbers, self.today = terms, numbers, today
        self.due: dict[str, list[Due]] = {term.agency: [] for term in terms}
        self.withheld: dict[str, list[tuple[str, str]]] = {term.agency: [] for term in terms}
        self.fact_receivers = numbers.file()
        self.person_receivers = numbers.file()
        self.consents = numbers.file()
        self.levels = numbers.file()
        self.lives_in = numbers.file()

    def publish(self, event: Event) -> None:
        """Hand an event to those who must get it."""
        person, data = self.numbers.valid(event["subject"]), event.get("data") or {}
        self._take_note(event, person, data)
        places = self._places(event, person, data)
        for term in self.terms:
            if event["type"] in term.statute | term.consent and self._concerns(event, person, term, places):
                reason = self._objection(event, person, term)
                if reason:
                    self.withheld[term.agency].append((event["id"], reason))
                else:
                    self._deliver(event, person, term)

    def _take_note(self, event: Event, person: str, data: Event) -> None:
        kind = event["type"]
        if kind == "AddressProtectionChanged":
            self.levels[(person,)] = "NONE" if event["change"] == "CEASED" else data["level"]
        elif kind in ("ConsentGranted", "ConsentWithdrawn") and data:
            self.consents[person, data["agency"], data["purpose"]] = event
        elif kind == "ConsentGranted":
            for consent in self.consents.values():
                if consent["id"] == event["previousid"]:
                    consent["annulled"] = True

    def _places(self, event: Event, person: str, data: Event) -> set[str]:
        """Return the provinces of today that an event is about, and note where the person lives from now on."""
        found = {self.lives_in[(person,)]} if (person,) in self.lives_in else set()
        for value in data.values():
            if isinstance(value, dict) and "province_code" in value:
                found.add(current_province(value["code_system"], value["province_code"]))
        home = data.get("residence")
        if data.get("kind") == "PERMANENT" and event["change"] != "CEASED":
            home = data["to_address"]
        if home:
            self.lives_in[(person,)] = current_province(home["code_system"], home["province_code"])
        return found

    def _concerns(self, event: Event, person: str, term: Terms, places: set[str]) -> bool:
        kind = event["type"]
        if event["change"] == "ANNULLED":
            return term.agency in self.fact_receivers.get((person, kind, event["factid"]), ())
        knows = term.agency in self.person_receivers.get((person,), ())
        if kind in term.only_if_received and not knows:
            return False
        if kind == "AddressProtectionChanged":
            return knows or not term.limited
        if kind in ("ConsentGranted", "ConsentWithdrawn") and event["data"]["agency"] != term.agency:
            return False
        if term.provinces is not None and not term.provinces & places:
            return False
        return term.persons is None or person in {self.numbers.valid(number) for number in term.persons}

    def _objection(self, event: Event, person: str, term: Terms) -> str | None:
        if event["change"] == "ANNULLED":
            return None
        strict = self.levels.get((person,)) == "STRICT"
        if strict and term.provinces is not None and event["type"] != "AddressProtectionChanged":
            return "protected"
        if event["type"] in term.statute:
            return None
        consent = self.consents.get((person, term.agency, term.purpose))
        if consent is None:
            return "no_consent"
        if consent["type"] == "ConsentWithdrawn" or consent.get("annulled"):
            return "consent_withdrawn"
        until = consent["data"].get("valid_until")
        return "consent_expired" if until and until < self.today.isoformat() else None

    def _deliver(self, event: Event, person: str, term: Terms) -> None:
        kind, level = event["type"], self.levels.get((person,), "NONE")
        changes_numbers = kind in ("PersonalNumberChanged", "PersonsMerged")
        due = Due(
            event["id"],
            person,
            subjects=frozenset({person, event["subject"]} if changes_numbers else {person}),
            change=event["change"],
            addresses=level == "NONE" or (level == "CONFIDENTIAL" and kind in term.statute),
            unmatched=event.get("unmatched", False),
            earlier=frozenset(self.numbers.earlier.get(person, ())),
        )
        self.due[term.agency].append(due)
        self.fact_receivers.setdefault((person, kind, event["factid"]), set()).add(term.agency)
        self.person_receivers.setdefault((person,), set()).add(term.agency)
