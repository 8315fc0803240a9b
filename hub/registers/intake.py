"""What intake remembers: which ids it has taken, and what it refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.database import among
from hub.registers import tables as t


class Rejected(NamedTuple):
    """One thing that intake refused."""

    #: Names the producer and the line.
    place: str
    event_id: str | None
    reason: str
    detail: str


class IntakeRegister:
    """Idempotent by place: what is read again after a crash is neither a repeat nor counted twice.

    Safe in several processes: of those that note the same id at once, one is the first, and the others are told.
    """

    def __init__(self, engine: sa.Engine) -> None:
        """Use the registers' database, whose tables are there."""
        self._engine = engine

    def note(self, taken: Mapping[str, str], refused: Sequence[Rejected], at: int) -> set[str]:
        """Remember taken ids (id → place) and refusals at a time in milliseconds; return the ids known before."""
        with self._engine.begin() as connection:
            known = _known(connection, taken)
            fresh = [{"event_id": event_id, "place": taken[event_id]} for event_id in sorted(taken.keys() - known)]
            if _insert_new(connection, t.taken, fresh) < len(fresh):  # another intake was quicker
                known = _known(connection, taken)
            _note_refused(connection, refused, at)
        return {event_id for event_id, place in known.items() if place != taken[event_id]}


def _known(connection: sa.Connection, event_ids: Iterable[str]) -> dict[str, str]:
    query = sa.select(t.taken.c.event_id, t.taken.c.place).where(among(t.taken.c.event_id, event_ids))
    return {row.event_id: row.place for row in connection.execute(query)}


def _note_refused(connection: sa.Connection, refused: Sequence[Rejected], at: int) -> None:
    if not refused:
        return
    places = among(t.refusals.c.place, (r.place for r in refused))
    known = set(connection.scalars(sa.select(t.refusals.c.place).where(places)))
    fresh = sorted((r for r in refused if r.place not in known), key=lambda r: r.place)
    _insert_new(connection, t.refusals, [{**r._asdict(), "at": at} for r in fresh])


def _insert_new(connection: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert the rows that no other process has inserted meanwhile; return how many.

    They must come in the order of their key: processes that take the same ones in different orders block each other.
    """
    if not rows:
        return 0
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    return connection.execute(insert.on_conflict_do_nothing(), rows).rowcount
