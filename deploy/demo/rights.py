"""Stories of consent, address protection, and numbers that change: what decides who may have which event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.demo.life import move_of, residence
from deploy.demo.lines import Event, SourceLine
from deploy.demo.papers import IDENTITY
from deploy.demo.population import Fact, Person
from deploy.demo.world import World

BANK, BANK_PURPOSE = "bank", "customer-due-diligence"
#: A consent's end is this many days from the end of the stream at least: never near the hub's today.
CLEAR_OF_TODAY = 30


def _adult(world: World) -> Person | None:
    today = world.day
    return world.population.draw(lambda p: p.age(today) >= 18)


def _consent(world: World, person: Person, agency: str, purpose: str, until: int | None) -> tuple[Fact, Event]:
    on = world.happens(person)
    person.special = True
    data: dict[str, Any] = {
        "agency": agency,
        "purpose": purpose,
        "granted_on": world.date(on),
        "evidence": f"vneid:{world.new_id()}",
    }
    if until is not None:
        data["valid_until"] = world.date(until)
    return world.open("ConsentGranted", person, IDENTITY, data, on)


def _withdrawal(world: World, person: Person) -> tuple[Fact, Event]:
    on = world.happens(person)
    data = {"agency": BANK, "purpose": BANK_PURPOSE, "withdrawn_on": world.date(on), "evidence": "vneid"}
    return world.open("ConsentWithdrawn", person, IDENTITY, data, on)


def _moves(world: World, person: Person) -> SourceLine:
    fact, event = move_of(world, person)
    return world.line(event, fact)


def consent(world: World) -> Iterator[SourceLine | int]:
    """Somebody lets the bank follow the changes, and goes on living."""
    if not (person := _adult(world)):
        return
    until = world.day + 365 if world.rng.random() < 0.5 else None
    fact, event = _consent(world, person, BANK, BANK_PURPOSE, until)
    yield world.line(event, fact)
    yield world.pause(100)
    if not person.busy and person.alive:
        yield _moves(world, person)


def withdrawn_consent(world: World) -> Iterator[SourceLine | int]:
    """A consent is given, used and withdrawn; the next event comes at once, perhaps in the same batch."""
    if not (person := _adult(world)):
        return
    with world.holding(person):
        fact, event = _consent(world, person, BANK, BANK_PURPOSE, None)
        yield world.line(event, fact)
        yield world.pause(40)
        moved, event = move_of(world, person)
        yield world.line(event, moved)
        yield world.pause(40)
        fact, event = _withdrawal(world, person)
        yield world.line(event, fact)
        yield _moves(world, person)
        if world.rng.random() < 0.5:  # what the bank received is annulled there too
            yield world.line(world.follow(moved, "ANNULLED"), moved, "annulled")


def expired_consent(world: World) -> Iterator[SourceLine | int]:
    """A consent whose term has ended by now gives no basis."""
    if person := _adult(world):
        with world.holding(person):
            fact, event = _consent(world, person, BANK, BANK_PURPOSE, world.last_day - CLEAR_OF_TODAY)
            yield world.line(event, fact)
            yield world.pause(20)
            yield _moves(world, person)


def other_consent(world: World) -> Iterator[SourceLine | int]:
    """A consent for another purpose, or to an agency that the hub does not serve, gives the bank nothing."""
    if person := _adult(world):
        to_bank = world.rng.random() < 0.6
        agency, purpose = (BANK, "marketing") if to_bank else ("telecom", BANK_PURPOSE)
        with world.holding(person):
            fact, event = _consent(world, person, agency, purpose, None)
            yield world.line(event, fact)
            yield _moves(world, person)


def _protection(world: World, person: Person, level: str) -> tuple[Fact, Event]:
    on = world.happens(person)
    person.special = True
    data = {"level": level, "valid_from": world.date(on)}
    source = residence(person.home["province_code"])
    return world.open("AddressProtectionChanged", person, source, data, on)


def strict(world: World) -> Iterator[SourceLine | int]:
    """Addresses are sent, then the person is protected strictly; in half of the cases that ends again."""
    if not (person := _adult(world)):
        return
    with world.holding(person):
        if world.rng.random() < 0.5:
            fact, event = _consent(world, person, BANK, BANK_PURPOSE, None)
            yield world.line(event, fact)
        yield _moves(world, person)
        yield world.pause(50)
        fact, event = _protection(world, person, "STRICT")
        yield world.line(event, fact)
        yield world.pause(3)
        yield _moves(world, person)
        yield world.pause(100)
        if world.rng.random() < 0.5:
            if world.rng.random() < 0.5:
                yield world.line(world.follow(fact, "CEASED"), fact, "ceased")
            else:
                lower, event = _protection(world, person, "NONE")
                yield world.line(event, lower)
            yield _moves(world, person)


def confidential(world: World) -> Iterator[SourceLine | int]:
    """At CONFIDENTIAL the bank gets the move, but no address; then the level is corrected or raised."""
    if not (person := _adult(world)):
        return
    with world.holding(person):
        granted, event = _consent(world, person, BANK, BANK_PURPOSE, None)
        yield world.line(event, granted)
        fact, event = _protection(world, person, "CONFIDENTIAL")
        yield world.line(event, fact)
        yield _moves(world, person)
        if world.rng.random() < 0.3:
            yield world.pause(30)
            data = {**fact.data, "level": "STRICT"}
            yield world.line(world.follow(fact, "CORRECTED", data), fact, "corrected")
            yield _moves(world, person)


def new_number(world: World) -> Iterator[SourceLine | int]:
    """A number given twice is replaced; one register still uses the old one, another the new one."""
    if not (person := _adult(world)):
        return
    with world.holding(person):
        yield _moves(world, person)
        on, old = world.happens(person), person.number
        number = world.population.new_number(person.sex, person.born, old[1:3])
        data = {
            "old_number": old,
            "new_number": number,
            "changed_on": world.date(on),
            "reason": "Cấp trùng số",
        }
        if world.rng.random() < 0.5:
            person.number = number
        fact, event = world.open("PersonalNumberChanged", person, IDENTITY, data, on)
        yield world.line(event, fact)
        yield world.pause(50)
        person.number = old
        moved, event = move_of(world, person)
        yield world.line(event, moved, "old_number")
        person.number = number
        yield world.pause(10)
        yield world.repeat(event, {"id": world.new_id(), "subject": number}, "same_fact")
        yield _moves(world, person)


def merger(world: World) -> Iterator[SourceLine | int]:
    """One human being was recorded twice; the second record is merged into the first."""
    today = world.day
    if not (person := world.population.draw(lambda p: p.age(today) >= 18 and not p.special)):
        return
    number = world.population.new_number(person.sex, person.born)
    double = Person(
        number, person.sex, person.born, person.name, person.home, person.household, last_day=person.last_day
    )
    with world.holding(person, double):
        moved, event = move_of(world, double)
        yield world.line(event, moved)
        yield world.pause(50)
        on = world.happens(person, double)
        data = {"merged_numbers": [number], "merged_on": world.date(on), "reason": "Trùng hồ sơ"}
        fact, event = world.open("PersonsMerged", person, IDENTITY, data, on)
        yield world.line(event, fact)
        yield world.pause(50)
        later, event = move_of(world, double)
        yield world.line(event, later, "old_number")
        moved.person = later.person = person
        person.home, person.last_day = double.home, double.last_day
