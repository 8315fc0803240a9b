"""What intake remembers: which ids it has taken, and what it refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from hub.database import among, insert_rows
from hub.registers import tables as t


class Rejected(NamedTuple):
    """One thing that intake refused."""

    #: Names the producer and the line.
    place: str
    event_id: str | None
    reason: str
    detail: str


class IntakeRegister:
    """Idempotent by place: what is read again after a crash is neither a repeat nor counted twice."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the registers' database."""
        self._engine = engine
        t.metadata.create_all(engine)

    def note(self, taken: Mapping[str, str], refused: Sequence[Rejected], at: int) -> set[str]:
        """Remember taken ids (id → place) and refusals at a time in milliseconds; return the ids known before."""
        with self._engine.begin() as connection:
            query = sa.select(t.taken.c.event_id, t.taken.c.place).where(among(t.taken.c.event_id, taken))
            known: dict[str, str] = {row.event_id: row.place for row in connection.execute(query)}
            insert_rows(connection, t.taken, [entry for entry in taken.items() if entry[0] not in known])
            self._note_refused(connection, refused, at)
        return {event_id for event_id, place in known.items() if place != taken[event_id]}

    def _note_refused(self, connection: sa.Connection, refused: Sequence[Rejected], at: int) -> None:
        if not refused:
            return
        places = among(t.refusals.c.place, (r.place for r in refused))
        known = set(connection.scalars(sa.select(t.refusals.c.place).where(places)))
        rows = [{**r._asdict(), "at": at} for r in refused if r.place not in known]
        if rows:
            connection.execute(sa.insert(t.refusals), rows)
