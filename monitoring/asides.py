"""What was refused or set aside lately, the newest first: for those who look for an event that never arrived."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from hub.database import reading
from hub.discretion import without_numbers
from hub.eventlog import start_of
from hub.registers import tables as t


class SetAside(NamedTuple):
    """Something that did not go on. Free of personal numbers."""

    #: Milliseconds since 1970 UTC.
    at: int
    #: `intake` or `pipeline`.
    where: str
    #: `refused` or `duplicate`.
    verdict: str
    #: A code of `monitoring.words.REASONS`.
    reason: str
    detail: str
    #: None for what had no readable id.
    event_id: str | None


def lately(registers: sa.Engine, limit: int = 40) -> list[SetAside]:
    """Return the newest of both kinds, at most `limit` in all. No index is needed: both tables grow at their end."""
    with reading(registers) as connection:
        found = [*_by_intake(connection, limit), *_by_pipeline(connection, limit)]
    return sorted(found, key=lambda one: one.at, reverse=True)[:limit]


def _by_intake(connection: sa.Connection, limit: int) -> list[SetAside]:
    c = t.refusals.c
    newest: sa.ColumnElement[int] = c.at
    if connection.dialect.name == "sqlite":
        newest = sa.literal_column("rowid")  # in the order in which they came, without looking at every row
    query = sa.select(c.at, c.reason, c.detail, c.event_id).order_by(newest.desc()).limit(limit)
    rows = connection.execute(query)
    return [SetAside(at, "intake", "refused", why, without_numbers(said), name) for at, why, said, name in rows]


def _by_pipeline(connection: sa.Connection, limit: int) -> list[SetAside]:
    c = t.set_aside.c
    found: list[SetAside] = []
    for part in connection.scalars(sa.select(t.progress.c.partition)).all():
        mine = c.position.between(start_of(part), start_of(part + 1) - 1)
        query = sa.select(c.at, c.verdict, c.reason, c.detail, c.event_id).where(mine)
        for at, verdict, why, said, name in connection.execute(query.order_by(c.position.desc()).limit(limit)):
            found.append(SetAside(at, "pipeline", verdict, why, without_numbers(said), name))
    return found
