"""What registers put right or send in the wrong order: corrections, annulments, late and early versions."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from deploy.demo.life import (
    birth_of,
    bury,
    civil_status,
    death_of,
    details_of,
    find_frail,
    find_mother,
    move_of,
)
from deploy.demo.lines import Event, SourceLine
from deploy.demo.population import Fact, Person
from deploy.demo.world import World

#: Corrections in one bulk run of addresses, at most.
BULK_SIZE = 40
#: An original follows its correction within so many lines.
WAIT_AT_MOST = 25


def _somebody(world: World) -> Person | None:
    return world.population.draw(lambda p: p.alive)


def amended(world: World, fact: Fact) -> dict[str, Any]:
    """Return a fact's payload with something put right."""
    data, draw = dict(fact.data), int(world.rng.random() * 900) + 1
    if "to_address" in data:
        data["to_address"] = {**data["to_address"], "detail": f"Số {draw}A, ngõ {1 + draw % 60}"}
    elif "died_on" in data:
        earlier = date.fromisoformat(data["died_on"]) - timedelta(days=1 + draw % 45)
        data["died_on"] = max(fact.person.born_on, earlier.isoformat())
    elif "certificate_number" in data:
        data["certificate_number"] = f"{draw}/CC"
    elif "decision_number" in data or fact.type == "MarriageEnded":
        data["decision_number"] = f"{draw}/QĐ-CC"
    elif "document_number" in data:
        data["document_number"] = f"{int(world.rng.random() * 1e9):09d}"
    elif "level" in data:
        data["level"] = 3 - data["level"]
    return data


def take_back(world: World, fact: Fact) -> Event:
    """Return the annulment of a fact, whose person is as before it."""
    person = fact.person
    if fact is person.account:
        person.account = None
    if fact is person.card:
        person.card = None
    if person.home is fact.data.get("to_address"):
        person.home = fact.data["from_address"]
    return world.follow(fact, "ANNULLED")


def _known_fact(world: World, *kinds: str) -> Fact | None:
    """Return a remembered fact of one of these types that stands and about whom no story runs."""
    for _ in range(20 if world.facts else 0):
        fact = world.facts[int(world.rng.random() * len(world.facts))]
        if fact.type in kinds and fact.standing and not fact.person.busy:
            return fact
    return None


def corrected(world: World) -> Iterator[SourceLine | int]:
    """A register corrects what it wrote."""
    kinds = ("ResidenceChanged", "BirthRegistered", "DeathRegistered", "IdentityCardIssued", "MarriageEnded",
             "PersonDetailsCorrected", "IdentityAccountActivated")  # fmt: skip
    if fact := _known_fact(world, *kinds):
        yield world.line(world.follow(fact, "CORRECTED", amended(world, fact)), fact, "corrected")


def ceased(world: World) -> Iterator[SourceLine | int]:
    """A temporary residence, a card or an account comes to its end."""
    if fact := _known_fact(world, "ResidenceChanged", "IdentityCardIssued", "IdentityAccountActivated"):
        if fact is fact.person.account:
            fact.person.account = None
        yield world.line(world.follow(fact, "CEASED"), fact, "ceased")


def bulk_addresses(world: World) -> Iterator[SourceLine | int]:
    """A mass run corrects addresses after streets were renumbered."""
    run = f"bulk-{world.new_id()}"
    for _ in range(BULK_SIZE):
        if fact := _known_fact(world, "ResidenceChanged"):
            event = world.follow(fact, "CORRECTED", amended(world, fact))
            event["bulkid"] = run
            yield world.line(event, fact, "bulk")
            yield 0


def annulled(world: World) -> Iterator[SourceLine | int]:
    """A register takes back what should never have been written."""
    kinds = ("ResidenceChanged", "IdentityCardIssued", "IdentityAccountActivated", "PersonDetailsCorrected")
    if fact := _known_fact(world, *kinds):
        yield world.line(take_back(world, fact), fact, "annulled")


def annulled_birth(world: World) -> Iterator[SourceLine | int]:
    """A birth was registered in error; the child never joins the population."""
    if mother := find_mother(world):
        child, fact, event = birth_of(world, mother)
        with world.holding(child):
            yield world.line(event, fact)
            yield 20 + world.pause(200)
            yield world.line(world.follow(fact, "ANNULLED"), fact, "annulled")
        child.busy = True  # a later correction of a birth that never was would make no sense


def annulled_death(world: World) -> Iterator[SourceLine | int]:
    """Somebody was declared dead in error, and lives on."""
    if not (person := find_frail(world)):
        return
    with world.holding(person):
        fact, event = death_of(world, person, civil_status(person.home["province_code"]), world.happens(person))
        yield world.line(event, fact)
        yield 20 + world.pause(200)
        yield world.line(world.follow(fact, "ANNULLED"), fact, "annulled")
        yield world.pause(50)
        moved, event = move_of(world, person)
        yield world.line(event, moved)


def joined(world: World) -> Iterator[SourceLine | int]:
    """A register that cannot correct sends an annulment and directly after it the same act anew."""
    dies = world.rng.random() < 0.3
    if not (person := find_frail(world) if dies else _somebody(world)):
        return
    with world.holding(person):
        if dies:
            source = civil_status(person.home["province_code"])
            fact, event = death_of(world, person, source, world.happens(person))
        else:
            fact, event = move_of(world, person)
        yield world.line(event, fact)
        yield world.pause(100)
        data = amended(world, fact)
        yield world.line(world.follow(fact, "ANNULLED"), fact, "joined_annul")
        yield world.pause(4)
        yield world.line(world.follow(fact, "CREATED", data), fact, "joined_create")
        if dies:
            bury(world, person)


def late(world: World) -> Iterator[SourceLine | int]:
    """The second version of an act arrives after its third."""
    if not (person := _somebody(world)):
        return
    with world.holding(person):
        fact, event = move_of(world, person)
        yield world.line(event, fact)
        second = world.follow(fact, "CORRECTED", amended(world, fact))
        third = world.follow(fact, "CORRECTED", amended(world, fact))
        third["previousid"] = event["id"]
        yield world.pause(60)
        yield world.line(third, fact, "corrected")
        yield world.pause(60)
        yield world.repeat(second, {}, "late")


def early_correction(world: World) -> Iterator[SourceLine | int]:
    """A correction or an annulment arrives before what it is about; later news of the person queue behind."""
    if not (person := _somebody(world)):
        return
    with world.holding(person):
        fact, original = move_of(world, person)
        if world.rng.random() < 0.8:
            yield world.line(world.follow(fact, "CORRECTED", amended(world, fact)), fact, "waits")
        else:
            yield world.line(take_back(world, fact), fact, "waits")
        yield world.pause(WAIT_AT_MOST // 2)
        if world.rng.random() < 0.5:
            queued, event = details_of(world, person)
            yield world.line(event, queued, "queued")
        yield world.pause(WAIT_AT_MOST // 2)
        yield world.line(original, fact, "original")


def orphan_correction(world: World) -> Iterator[SourceLine | int]:
    """A correction arrives whose original never comes; later news of the person queue behind it."""
    if not (person := _somebody(world)):
        return
    person.busy = True  # for good: whatever came of this person would have to wait too
    fact, _ = move_of(world, person)
    yield world.line(world.follow(fact, "CORRECTED", amended(world, fact)), fact, "waits_forever")
    yield world.pause(100)
    moved, event = move_of(world, person)
    yield world.line(event, moved, "queued")


def decomposed(world: World) -> Iterator[SourceLine | int]:
    """A register on an old system sends names in decomposed Unicode."""

    def has_marks(text: str) -> bool:
        return unicodedata.normalize("NFD", text) != text

    if person := world.population.draw(lambda p: p.alive and has_marks(p.name["family"])):
        fact, event = details_of(world, person)
        name = {part: unicodedata.normalize("NFD", str(text)) for part, text in person.name.items()}
        event["data"] = {**fact.data, "name": name}
        yield world.line(event, fact, "nfd")
