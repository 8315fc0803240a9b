"""Which revision a database has, seen from this program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from hub.database import reading
from hub.migrations.history import History, Step


class Standing(StrEnum):
    """How a database stands to this program."""

    #: None of the tables is there.
    EMPTY = "empty"
    CURRENT = "current"
    OLD = "old"
    #: A revision that this program doesn't know: a newer one made it.
    NEWER = "newer"
    #: The tables are there without a revision, as release 0.1.0 left them.
    UNSTAMPED = "unstamped"


@dataclass(frozen=True, slots=True)
class State:
    """What a database has of one history, and what is missing."""

    history: str
    standing: Standing
    #: What the database says, None for nothing.
    revision: str | None
    #: What this program needs.
    head: str
    #: What an upgrade would do.
    pending: Sequence[Step]


def nothing(which: History) -> State:
    """Return how a database stands that is not there at all."""
    return State(which.name, Standing.EMPTY, None, which.head, which.steps_after(None))


def state(engine: sa.Engine, which: History) -> State:
    """Say which revision a database has. It changes nothing. Raises the errors of SQLAlchemy."""
    with reading(engine) as connection:
        return state_on(connection, which)


def state_on(connection: sa.Connection, which: History) -> State:
    """Say which revision a database has, inside of a transaction."""
    there = set(sa.inspect(connection).get_table_names())
    revision = _revision(connection, which) if which.version_table in there else None
    if revision is None:
        if not there & which.tables:
            return nothing(which)
        return State(which.name, Standing.UNSTAMPED, None, which.head, which.steps_after(which.first))
    if revision not in which.revisions:
        return State(which.name, Standing.NEWER, revision, which.head, ())
    standing = Standing.CURRENT if revision == which.head else Standing.OLD
    return State(which.name, standing, revision, which.head, which.steps_after(revision))


def _revision(connection: sa.Connection, which: History) -> str | None:
    column: sa.ColumnClause[str] = sa.column("version_num", sa.Text)  # as alembic calls it
    return connection.scalar(sa.select(column).select_from(sa.table(which.version_table)))
