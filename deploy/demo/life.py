"""Ordinary stories of the demo: people are born, move, marry, part, have details put right, and die."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from deploy.demo.lines import Event, SourceLine
from deploy.demo.places import Address, draw_address, old_provinces
from deploy.demo.population import Fact, Person
from deploy.demo.world import World


def civil_status(province: str) -> str:
    """Return the source of a province's civil status register."""
    return f"/registers/civil-status/{province}"


def residence(province: str) -> str:
    """Return the source of a province's residence register."""
    return f"/registers/residence/{province}"


def hospital(province: str) -> str:
    """Return the source of a province's health facilities: a second reporter of births and deaths."""
    return f"/registers/hospital/{province}"


def birth_of(world: World, mother: Person) -> tuple[Person, Fact, Event]:
    """Return a newborn child and the registration of its birth."""
    on = world.happens(mother)
    mother.last_birth = on
    child = world.population.child(mother, on)
    data: dict[str, Any] = {
        "name": child.name,
        "sex": child.sex,
        "born_on": child.born_on,
        "nationality": "VN",
        "birth_place": draw_address(world.rng, child.home["province_code"]),
        "residence": child.home,
        "mother_number": mother.number,
        "certificate_number": f"{int(world.rng.random() * 900) + 1}/{child.born_on[:4]}",
    }
    if child.father:
        data["father_number"] = child.father.number
    return child, *world.open("BirthRegistered", child, civil_status(child.home["province_code"]), data, on)


def find_mother(world: World) -> Person | None:
    """Return a woman who may give birth."""
    today = world.day
    return world.population.draw(
        lambda p: p.sex == "FEMALE" and 18 <= p.age(today) <= 44 and today - p.last_birth > 330
    )


def birth(world: World) -> Iterator[SourceLine | int]:
    """A child is born."""
    if mother := find_mother(world):
        child, fact, event = birth_of(world, mother)
        world.population.join(child)
        yield world.line(event, fact)


def find_frail(world: World) -> Person | None:
    """Return somebody who may die: the oldest of a few."""
    found = [person for _ in range(4) if (person := world.population.draw(lambda p: p.alive))]
    return min(found, key=lambda person: person.born) if found else None


def death_of(world: World, person: Person, source: str, on: int) -> tuple[Fact, Event]:
    """Return the registration of a death by a source. The person stays in the population: see `bury`."""
    place = draw_address(world.rng, person.home["province_code"])
    data: dict[str, Any] = {
        "died_on": world.date(on),
        "name": person.name,
        "sex": person.sex,
        "born_on": person.born_on,
        "death_place": place,
        "last_residence": person.home,
        "certificate_number": f"{int(world.rng.random() * 900) + 1}/{world.date(on)[:4]}",
    }
    return world.open("DeathRegistered", person, source, data, on)


def bury(world: World, person: Person) -> None:
    """Take a dead person out of all further stories."""
    person.alive = False
    if person.spouse:
        person.spouse.spouse = None
    world.population.leave(person)


def death(world: World) -> Iterator[SourceLine | int]:
    """Somebody dies; often the marriage is then closed for the surviving spouse."""
    if not (person := find_frail(world)):
        return
    on, spouse = world.happens(person), person.spouse
    fact, event = death_of(world, person, civil_status(person.home["province_code"]), on)
    bury(world, person)
    yield world.line(event, fact)
    if spouse and not spouse.busy and spouse.last_day < on:
        data = {"ended_on": world.date(on), "reason": "DEATH", "spouse_number": person.number}
        source = civil_status(spouse.home["province_code"])
        spouse.last_day = on
        ended, event = world.open("MarriageEnded", spouse, source, data, on)
        yield world.line(event, ended)


def move_of(world: World, person: Person, kind: str = "PERMANENT") -> tuple[Fact, Event]:
    """Return a change of residence; a permanent one makes the new address the person's home."""
    on, old = world.happens(person), person.home
    province = old["province_code"] if world.rng.random() < 0.6 else None
    new: Address = draw_address(world.rng, province)
    new["valid_from"] = world.date(on)
    data: dict[str, Any] = {"kind": kind, "to_address": new, "moved_on": world.date(on), "from_address": old}
    if kind == "PERMANENT":
        person.home = new
        data |= {"household_id": person.household, "relation_to_head": "Chủ hộ"}
    else:
        data["until"] = world.date(on + (30 if kind == "STAY" else 720))
    return world.open("ResidenceChanged", person, residence(new["province_code"]), data, on)


def move(world: World) -> Iterator[SourceLine | int]:
    """Somebody moves, for good or for a while."""
    if person := world.population.draw(lambda p: p.alive):
        draw = world.rng.random()
        fact, event = move_of(world, person, "PERMANENT" if draw < 0.7 else "TEMPORARY" if draw < 0.9 else "STAY")
        yield world.line(event, fact)


def marriage(world: World) -> Iterator[SourceLine | int]:
    """Two people marry: one act, one event for each of them."""
    today = world.day

    def single(sex: str) -> Person | None:
        return world.population.draw(
            lambda p: p.sex == sex and not p.spouse and 20 <= p.age(today) <= 45 and today - p.last_day > 7
        )

    man, woman = single("MALE"), single("FEMALE")
    if not man or not woman:
        return
    on = world.happens(man, woman)
    place = draw_address(world.rng, woman.home["province_code"])
    man.spouse, woman.spouse = woman, man
    yield from _both(world, "MarriageRegistered", on, man, woman, {"married_on": world.date(on), "place": place})


def divorce(world: World) -> Iterator[SourceLine | int]:
    """Two people are divorced."""
    today = world.day
    person = world.population.draw(lambda p: p.spouse is not None and not p.spouse.busy and today - p.last_day > 7)
    if not person or not person.spouse:
        return
    other = person.spouse
    on = world.happens(person, other)
    person.spouse = other.spouse = None
    decision = f"{int(world.rng.random() * 900) + 1}/{world.date(on)[:4]}/QĐST-HNGĐ"
    data = {"ended_on": world.date(on), "reason": "DIVORCE", "decision_number": decision}
    yield from _both(world, "MarriageEnded", on, person, other, data)


def _both(
    world: World, kind: str, on: int, one: Person, two: Person, data: dict[str, Any]
) -> Iterator[SourceLine | int]:
    """Tell the same act of both spouses, under the same fact id."""
    source, act = civil_status(two.home["province_code"]), ""
    with world.holding(one, two):
        for person, spouse in ((one, two), (two, one)):
            extra: dict[str, Any] = {"spouse_number": spouse.number}
            if kind == "MarriageRegistered":
                extra["spouse_name"] = spouse.name
            fact, event = world.open(kind, person, source, data | extra, on)
            act = event["factid"] = fact.fact_id = act or fact.fact_id
            yield world.line(event, fact)


def details_of(world: World, person: Person) -> tuple[Fact, Event]:
    """Return a correction of a person's name, birth date (within the year) or birth place."""
    rng, on = world.rng, world.happens(person)
    data: dict[str, Any] = {"decision_number": f"{int(rng.random() * 900) + 1}/QĐ-UBND"}
    draw = rng.random()
    if draw < 0.6:
        person.name = {**person.name, "middle": "Hoài" if person.name["middle"] != "Hoài" else "Thiên"}
        data["name"] = person.name
    elif draw < 0.8:
        person.born -= int(rng.random() * int(world.date(person.born)[8:]))  # stays within the month
        data["born_on"] = person.born_on
    else:
        old = old_provinces()
        data["birth_place"] = {"code_system": "VN63", "province_code": old[int(rng.random() * len(old))]}
    return world.open("PersonDetailsCorrected", person, civil_status(person.home["province_code"]), data, on)


def details(world: World) -> Iterator[SourceLine | int]:
    """Somebody's details are corrected."""
    if person := world.population.draw(lambda p: p.alive):
        fact, event = details_of(world, person)
        yield world.line(event, fact)
