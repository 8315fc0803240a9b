"""Stories of duplicates: the same line again, the same fact again, the same birth or death from a second register."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from deploy.demo.life import birth_of, bury, civil_status, death_of, find_frail, find_mother, hospital
from deploy.demo.lines import SourceLine
from deploy.demo.world import World


def resent(world: World) -> Iterator[SourceLine | int]:
    """A register sends the very same line again."""
    sent = world.recent[int(world.rng.random() * len(world.recent))] if world.recent else None
    if sent and not sent.fact.person.busy:
        yield SourceLine(sent.line.raw, "same_event_id")


def same_fact(world: World) -> Iterator[SourceLine | int]:
    """A register sends a version of a fact again, under another event id."""
    sent = world.recent[int(world.rng.random() * len(world.recent))] if world.recent else None
    if sent and not sent.fact.person.busy:
        yield world.repeat(sent.event, {"id": str(UUID(int=world.rng.getrandbits(128)))}, "same_fact")


def same_death(world: World) -> Iterator[SourceLine | int]:
    """A hospital and the civil status register report the same death, in either order."""
    if not (person := find_frail(world)):
        return
    on, province = world.happens(person), person.home["province_code"]
    sources = [civil_status(province), hospital(province)]
    if world.rng.random() < 0.5:
        sources.reverse()
    with world.holding(person):
        for source, intent in zip(sources, ("fresh", "same_vital"), strict=True):
            fact, event = death_of(world, person, source, on)
            yield world.line(event, fact) if intent == "fresh" else world.repeat(event, {}, intent)
            yield world.pause(200)
        bury(world, person)


def same_birth(world: World) -> Iterator[SourceLine | int]:
    """A hospital reports a birth that is already registered."""
    if not (mother := find_mother(world)):
        return
    child, fact, event = birth_of(world, mother)
    yield world.line(event, fact)
    yield world.pause(200)
    _, again = world.open("BirthRegistered", child, hospital(child.home["province_code"]), fact.data, child.born)
    yield world.repeat(again, {}, "same_vital")
    world.population.join(child)


def released_death(world: World) -> Iterator[SourceLine | int]:
    """A death registered at the wrong office is annulled; the hospital's report of it then stands."""
    if not (person := find_frail(world)):
        return
    on, province = world.happens(person), person.home["province_code"]
    with world.holding(person):
        fact, event = death_of(world, person, civil_status(province), on)
        yield world.line(event, fact)
        yield world.pause(60)
        _, again = death_of(world, person, hospital(province), on)
        yield world.repeat(again, {}, "same_vital_released")
        yield world.pause(60)
        yield world.line(world.follow(fact, "ANNULLED"), fact, "annulled")
        bury(world, person)
