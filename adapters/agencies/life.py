"""What several agencies read from a person's facts: name, death, marriages, card, where the person lives."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from adapters.agencies.agency import Person
from adapters.agencies.standing import Fact, Standing


class Details(NamedTuple):
    """Who the person is, as told last."""

    full_name: str | None
    sex: str | None
    born_on: str | None


class Marriage(NamedTuple):
    """A marriage of the person, with the spouse's number that is valid now."""

    spouse: str | None
    married_on: str
    ended_on: str | None
    reason: str | None


class Stay(NamedTuple):
    """An address, from a date until the next one began (ISO dates; None: goes on)."""

    address: Mapping[str, Any]
    from_on: str
    until: str | None


def details(facts: Standing) -> Details:
    """Return the details that the birth told, with every correction that stands."""
    told: dict[str, Any] = {}
    for fact in (*facts.true("BirthRegistered"), *facts.true("PersonDetailsCorrected")):
        told.update((name, value) for name, value in fact.data.items() if value is not None)
    name = told.get("name")
    return Details(full_name(name) if name else None, told.get("sex"), told.get("born_on"))


def full_name(name: Mapping[str, Any]) -> str:
    """Return a name in Vietnamese order: family, middle, given."""
    return " ".join(part for part in (name["family"], name.get("middle"), name["given"]) if part)


def death(facts: Standing) -> Fact | None:
    """Return the death that stands, or None."""
    fact = facts.last("DeathRegistered")
    return fact if fact and fact.data.get("died_on") else None


def is_known(facts: Standing) -> bool:
    """Tell whether there is such a person: an annulled death says so too, an annulled birth the contrary."""
    never_born = any(fact.annulled for fact in facts.known("BirthRegistered"))
    return facts.any_true() or (facts.any() and not never_born)


def latest_card(facts: Standing) -> Fact | None:
    """Return the identity card issued last, or None."""
    issued = [fact for fact in facts.true("IdentityCardIssued") if fact.ceased_on is None]
    told = (fact for fact in issued if fact.data.get("issued_on") and fact.data.get("document_number"))
    return max(told, key=lambda fact: (fact.data["issued_on"], fact.order), default=None)


def marriages(person: Person) -> list[Marriage]:
    """Return the person's marriages, oldest first, each with the end that stands."""
    told = [fact for fact in person.facts.true("MarriageRegistered") if fact.data.get("married_on")]
    told.sort(key=lambda fact: (fact.data["married_on"], fact.order))
    ends = [fact for fact in person.facts.true("MarriageEnded") if fact.data.get("ended_on")]
    ends.sort(key=lambda fact: (fact.data["ended_on"], fact.order))
    found = []
    for fact in told:
        spouse = person.current(fact.data.get("spouse_number"))
        end = next((end for end in ends if _ends(person, end, spouse, fact.data["married_on"])), None)
        if end:
            ends.remove(end)
        data = end.data if end else {}
        found.append(Marriage(spouse, fact.data["married_on"], data.get("ended_on"), data.get("reason")))
    return found


def stays(facts: Standing, kinds: Collection[str], from_birth: bool = False) -> list[Stay]:
    """Return where the person has lived, oldest first: residences of these kinds, and the one told at birth.

    Validity may run backwards: a move told later may have happened before one told earlier.
    """
    told = [
        (fact.data["moved_on"], fact.order, fact.data["to_address"], fact.ceased_on or fact.data.get("until"))
        for fact in facts.true("ResidenceChanged")
        # A view without the kind shows every residence.
        if fact.data.get("to_address") and fact.data.get("moved_on") and fact.data.get("kind") in (*kinds, None)
    ]
    if from_birth:
        told += [
            (fact.data["born_on"], fact.order, fact.data["residence"], None)
            for fact in facts.true("BirthRegistered")
            if fact.data.get("residence") and fact.data.get("born_on")
        ]
    told.sort(key=lambda stay: stay[:2])
    begins = [stay[0] for stay in told[1:]] + [None]
    return [
        Stay(address, from_on, min(filter(None, (until, next_on)), default=None))
        for (from_on, _, address, until), next_on in zip(told, begins, strict=False)
    ]


def area(address: Mapping[str, Any]) -> str:
    """Return the place that decides who is responsible: `VN34/01/00004`, without the ward if unknown."""
    parts = (address["code_system"], address["province_code"], address.get("ward_code"))
    return "/".join(part for part in parts if part)


def one_line(address: Mapping[str, Any]) -> str:
    """Return an address for a customer file: the house and street as far as known, then the area's codes."""
    return ", ".join(part for part in (address.get("detail"), area(address)) if part)


def _ends(person: Person, end: Fact, spouse: str | None, married_on: str) -> bool:
    named = person.current(end.data.get("spouse_number"))
    return bool(end.data["ended_on"] >= married_on) and (named is None or named == spouse)
