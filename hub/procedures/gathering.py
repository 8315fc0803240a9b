"""Looks up what bears on cases: in the registers who said what, in the deliveries who has it. Indexed look-ups only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.database import among, among_asked, reading, texts
from hub.deliveries.tables import delivered
from hub.eventlog import partition_of, start_of
from hub.facts import Fate
from hub.procedures.course import Said
from hub.procedures.tables import fetched
from hub.registers import tables as t
from hub.registers.past import Past
from hub.steps.identify import CHANGE_NUMBERS

#: Partition → the position up to which the log has committed: what was decided beyond it may be decided otherwise.
Committed = Mapping[int, int]

#: Positions of one partition that one look goes through at most.
_STRETCH: Final = 20_000
_PUBLISHED = Fate.PUBLISHED.value
_e = t.events.c
_BY_ID = sa.select(_e.event_id, _e.person).where(among_asked(_e.event_id))
_BY_LANE = (
    sa.select(t.taken.c.event_id).join(t.bulk, t.bulk.c.place == t.taken.c.place).where(among_asked(t.taken.c.event_id))
)

#: One statement for any number of beginnings of facts, each a range of the index (`}` comes after `|`, byte by byte).
_FACTS = f"""SELECT e.fact, e.position, e.event_id, e.at, e.version, e.change, e.fate_position, e.sent_to FROM events e
    WHERE e.fact >= a.value || '|' AND e.fact < a.value || '}}' AND e.fate = '{_PUBLISHED}'"""  # noqa: S608 - our own names
_QUERIES = {
    "sqlite": sa.text(_FACTS.replace("FROM", "FROM json_each(:asked) a CROSS JOIN", 1)),
    # the order makes the planner take the index, also where it knows nothing of the table yet
    "postgresql": sa.text(
        f"SELECT e.* FROM jsonb_array_elements_text(CAST(:asked AS jsonb)) a(value) "  # noqa: S608 - our own names
        f"CROSS JOIN LATERAL ({_FACTS} ORDER BY e.fact LIMIT 10000) e"
    ),
}


class Person(NamedTuple):
    """What the registers say about one person, of the types that were asked for."""

    #: The number that holds now.
    number: str
    said: Sequence[Said]
    #: (event id, agency) → when a snapshot handed it out.
    given: Mapping[tuple[str, str], int]

    def __repr__(self) -> str:
        return "Person(…)"


class Stretch(NamedTuple):
    """A part of a partition that was looked through."""

    #: Numbers of persons about whom something was published.
    persons: Collection[str]
    #: The position up to which it goes.
    reached: int

    def __repr__(self) -> str:
        return f"Stretch({len(self.persons)} persons, {self.reached})"


def stretch(registers: sa.Engine, types: Collection[str], after: int, until: int, limit: int) -> Stretch:
    """Look through a partition behind a position for events whose fate was decided there: some waited before.

    `until`: the position that the log has committed. No more than `limit` events that were decided at once.
    """
    end = min(until, after + _STRETCH, start_of(partition_of(after) + 1) - 1)
    mine = sa.and_(_e.type.in_(sorted({*types, *CHANGE_NUMBERS})), _e.fate == _PUBLISHED)
    with reading(registers) as connection:
        at_once = sa.and_(_e.position.between(after + 1, end), _e.fate_position == _e.position)
        query = sa.select(_e.position, _e.person).where(mine, at_once).order_by(_e.position).limit(limit)
        rows = connection.execute(query).all()
        if len(rows) == limit:
            end = rows[-1].position
        later = sa.and_(_e.fate_position.between(after + 1, end), _e.fate_position != _e.position)
        waited = connection.scalars(sa.select(_e.person).where(mine, later)).all()
    return Stretch({*waited, *(row.person for row in rows)}, end)


def persons_of(registers: sa.Engine, event_ids: Iterable[str]) -> Mapping[str, str]:
    """Return event id → the number that it came under; ids that the registers do not know are left out."""
    with reading(registers) as connection:
        return dict(connection.execute(_BY_ID, {"asked": texts(event_ids)}).all())


def said_about(
    registers: sa.Engine, numbers: Collection[str], types: Collection[str], committed: Committed
) -> Sequence[Person]:
    """Return what was published about each person behind these numbers, as far as the log has committed it."""
    with reading(registers) as connection:
        known = Past(connection).numbers_of(numbers)
        every = {person: known.numbers_of(person) for person in {known.person(number) for number in numbers}}
        asked = [f"{number}|{type_}" for of_one in every.values() for number in of_one for type_ in sorted(types)]
        rows = connection.execute(_QUERIES[connection.dialect.name], {"asked": orjson.dumps(asked).decode()}).all()
    return _persons(every, [row for row in rows if _is_committed(row.fate_position, committed)])


def _is_committed(position: int, committed: Committed) -> bool:
    return position <= committed.get(partition_of(position), 0)


def _persons(every: Mapping[str, Sequence[str]], rows: Sequence[Any]) -> Sequence[Person]:
    said: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        said[row.fact.partition("|")[0]].append(row)
    found = []
    for person, numbers in every.items():
        mine = [row for number in numbers for row in said.get(number, ())]
        versions = [
            Said(row.position, row.event_id, row.at, row.fact.partition("|")[2], row.version, row.change)
            for row in mine
        ]
        found.append(Person(person, versions, _given(mine)))
    return found


def _given(rows: Iterable[Any]) -> Mapping[tuple[str, str], int]:
    """Who was handed an event in a snapshot: then it says when."""
    found = {}
    for row in rows:
        for agency, (_, _, _, *given_at) in orjson.loads(row.sent_to or "{}").items():
            if given_at:
                found[row.event_id, agency] = int(given_at[0])
    return found


def of_mass_runs(registers: sa.Engine, event_ids: Collection[str]) -> frozenset[str]:
    """Return which of the events came in a mass run: by the lane, where their places are kept."""
    if not event_ids:
        return frozenset()
    with reading(registers) as connection:
        return frozenset(connection.scalars(_BY_LANE, {"asked": texts(event_ids)}))


def acknowledged(
    deliveries: sa.Engine, event_ids: Collection[str], agencies: Collection[str]
) -> Mapping[tuple[str, str], int]:
    """Return (event id, agency) → when the agency had it, handed out or fetched."""
    if not event_ids or not agencies:
        return {}
    d, f = delivered.c, fetched.c
    who = sorted(agencies)
    pushed = sa.select(d.event_id, d.agency, d.delivered_at).where(among(d.event_id, event_ids), d.agency.in_(who))
    taken = sa.select(f.event_id, f.agency, f.at).where(among(f.event_id, event_ids), f.agency.in_(who))
    with reading(deliveries) as connection:
        rows = [*connection.execute(taken), *connection.execute(pushed)]
    found: dict[tuple[str, str], int] = {}
    for event_id, agency, at in rows:
        found[event_id, agency] = min(at, found.get((event_id, agency), at))
    return found
