"""Writes how cases stand. Who began to look before somebody else wrote looks again: old news overwrites nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.database import among, reading
from hub.procedures.tables import cases, fetched, looked, steps, tallies

#: The row that counts who has written.
_TURNS: Final = {"rules": "", "topic": "", "partition": 0}


class Row(NamedTuple):
    """A case as it is written, with its steps (rows without the event id)."""

    case: tuple[Any, ...]
    steps: frozenset[tuple[Any, ...]]

    def __repr__(self) -> str:
        return "Row(…)"


class Change(NamedTuple):
    """What one turn of a keeper writes, in one transaction."""

    #: Cases by event id.
    cases: Mapping[str, Row] = {}
    #: Cases that are there no more.
    gone: Collection[str] = ()
    #: (event id, agency) → when it was fetched.
    fetched: Mapping[tuple[str, str], int] = {}
    #: (topic, partition, position) up to which was looked.
    looked: Iterable[tuple[str, int, int]] = ()


class Moved(Exception):
    """Another keeper has written since this one began to look. Nothing was written; look again."""


def turn(engine: sa.Engine) -> int:
    """Return how often was written. Ask before looking at anything else."""
    c = looked.c
    mine = sa.and_(c.rules == "", c.topic == "", c.partition == 0)
    with reading(engine) as connection:
        return connection.scalar(sa.select(c.position).where(mine)) or 0


def known(engine: sa.Engine, event_ids: Collection[str]) -> Mapping[str, Row]:
    """Return these cases as they are written."""
    with reading(engine) as connection:
        heads = connection.execute(sa.select(cases).where(among(cases.c.event_id, event_ids))).all()
        lines = connection.execute(sa.select(steps).where(among(steps.c.event_id, event_ids))).all()
    of: dict[str, set[tuple[Any, ...]]] = {}
    for event_id, *line in lines:
        of.setdefault(event_id, set()).add(tuple(line))
    return {head.event_id: Row(tuple(head), frozenset(of.get(head.event_id, ()))) for head in heads}


def write(engine: sa.Engine, before: int, rules: str, change: Change) -> None:
    """Write a change that was found when `turn` said `before`. Raises `Moved`."""
    with engine.begin() as connection:
        _take_turn(connection, before)
        ids = [*change.cases, *change.gone]
        if ids:
            _count(connection, ids, change.cases.values())
            connection.execute(sa.delete(cases).where(among(cases.c.event_id, ids)))
            connection.execute(sa.delete(steps).where(among(steps.c.event_id, ids)))
        _insert(connection, cases, [row.case for row in change.cases.values()])
        _insert(connection, steps, [(id_, *line) for id_, row in change.cases.items() for line in row.steps])
        for (event_id, agency), at in change.fetched.items():
            row = {"event_id": event_id, "agency": agency, "at": at}
            connection.execute(_insert_of(connection)(fetched).values(row).on_conflict_do_nothing())
        for topic, partition, position in change.looked:
            _note(connection, {"rules": rules, "topic": topic, "partition": partition}, position)


def _take_turn(connection: sa.Connection, before: int) -> None:
    c = looked.c
    mine = sa.and_(c.rules == "", c.topic == "", c.partition == 0, c.position == before)
    if before == 0:
        row = {**_TURNS, "position": 0}
        connection.execute(_insert_of(connection)(looked).values(row).on_conflict_do_nothing())
    if connection.execute(sa.update(looked).where(mine).values(position=before + 1)).rowcount != 1:
        raise Moved("another keeper has written meanwhile")


def _count(connection: sa.Connection, ids: Collection[str], rows: Iterable[Row]) -> None:
    """Count what is written now instead of what was written before."""
    c = cases.c
    before = (
        sa.select(c.procedure, c.state, sa.func.count()).where(among(c.event_id, ids)).group_by(c.procedure, c.state)
    )
    more = Counter((row.case[1], row.case[3]) for row in rows)
    more.subtract({(procedure, state): count for procedure, state, count in connection.execute(before)})
    for (procedure, state), count in sorted(more.items()):
        row = _insert_of(connection)(tallies).values(procedure=procedure, state=state, count=count)
        added = {"count": tallies.c.count + count}
        connection.execute(row.on_conflict_do_update(index_elements=["procedure", "state"], set_=added))


def _note(connection: sa.Connection, place: Mapping[str, Any], position: int) -> None:
    row = _insert_of(connection)(looked).values(**place, position=position)
    connection.execute(row.on_conflict_do_update(index_elements=list(place), set_={"position": position}))


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        names = [column.name for column in table.c]
        connection.execute(sa.insert(table), [dict(zip(names, row, strict=True)) for row in rows])


def _insert_of(connection: sa.Connection) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert
