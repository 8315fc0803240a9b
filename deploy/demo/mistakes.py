"""Lines that the hub must refuse, one way of being wrong each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import orjson

from deploy.demo.life import civil_status, death_of, move_of
from deploy.demo.lines import Event, SourceLine
from deploy.demo.population import Person
from deploy.demo.world import World


def _move(world: World, person: Person, **changes: Any) -> bytes:
    home = person.home
    _, event = move_of(world, person)
    person.home = home  # refused: it never happened
    return orjson.dumps(event | changes)


def _move_with(world: World, person: Person, **fields: Any) -> bytes:
    event = orjson.loads(_move(world, person))
    return orjson.dumps(event | {"data": event["data"] | fields})


def _death(world: World, person: Person) -> Event:
    return death_of(world, person, civil_status(person.home["province_code"]), world.happens(person))[1]


def _death_with(world: World, person: Person, **fields: Any) -> bytes:
    event = _death(world, person)
    return orjson.dumps(event | {"data": event["data"] | fields})


def _other_year(person: Person) -> str:
    year, rest = person.born_on[:4], person.born_on[4:8]
    return f"{int(year) - 1}{rest}01"


def _without_date(world: World, person: Person) -> bytes:
    event = _death(world, person)
    return orjson.dumps(event | {"data": {k: v for k, v in event["data"].items() if k != "died_on"}})


_OTHER = {"MALE": "FEMALE", "FEMALE": "MALE"}

#: How to be wrong: the kind as in the intent `invalid:<kind>`, and the line that is wrong this way only.
MISTAKES: dict[str, Callable[[World, Person], bytes]] = {
    "broken_json": lambda w, p: _move(w, p)[: -20 - int(w.rng.random() * 200)],
    "wrong_encoding": lambda w, p: _move(w, p, source="/registers/residence/Hà Nội").replace("à".encode(), b"\xe0"),
    "nul": lambda w, p: _move_with(w, p, relation_to_head="Chủ\x00hộ"),
    "impossible_number": lambda w, p: _move(w, p, subject="003" + p.number[3:]),  # 03 was never given out
    "sex_against_number": lambda w, p: _death_with(w, p, sex=_OTHER[p.sex]),
    "birth_year_against_number": lambda w, p: _death_with(w, p, born_on=_other_year(p)),
    "future_date": lambda w, p: _move_with(w, p, moved_on=w.date(w.last_day + 60)),
    "death_before_birth": lambda w, p: _death_with(w, p, died_on=w.date(p.born - 400)),
    "forbidden_change": lambda w, p: orjson.dumps(
        _death(w, p) | {"change": "CEASED", "factversion": 2, "previousid": w.new_id()}
    ),
    "no_previous": lambda w, p: _move(w, p, change="CORRECTED", factversion=2),
    "unknown_type": lambda w, p: _move(w, p, type="HouseholdSplit"),
    "unknown_field": lambda w, p: _move_with(w, p, phone="0900000000"),
    "unknown_attribute": lambda w, p: _move(w, p, priority="high"),
    "wrong_type": lambda w, p: _move(w, p, factversion="one"),
    "missing_field": _without_date,
}


def mistake(world: World) -> Iterator[SourceLine | int]:
    """A register sends something that cannot be accepted."""
    kinds = tuple(MISTAKES)
    kind = kinds[world.mistakes % len(kinds)]
    if person := world.population.draw(lambda p: p.alive):
        world.mistakes += 1
        yield SourceLine(MISTAKES[kind](world, person), f"invalid:{kind}")
