"""What was handed out to an agency lately and what was tried, the latest places of its feed first: by the key only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.database import reading
from hub.deliveries import State
from hub.deliveries.tables import attempts, delivered, held
from hub.discretion import without_numbers

#: Rows of each list.
MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Taken:
    """An event that the agency has. Times are ms since 1970 UTC."""

    position: int
    event_id: str
    at: int
    attempts: int
    #: Who let it be sent again, if that brought it.
    replayed_by: str | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An event that could not be handed out at once, and how it stands."""

    position: int
    event_id: str
    type: str
    state: State
    attempts: int
    error_class: str | None
    #: Without personal numbers.
    message: str | None
    held_at: int
    #: When it is tried next, of what is due.
    due_at: int | None


@dataclass(frozen=True, slots=True)
class Tried:
    """One attempt to hand out an event that was not taken at once."""

    position: int
    number: int
    at: int
    seconds: float
    outcome: str
    error_class: str | None
    message: str | None
    #: Who asked for it; None: the schedule, or the first time.
    asked_by: str | None


@dataclass(frozen=True, slots=True)
class Handed:
    """The latest places of a feed at which something happened."""

    taken: Sequence[Taken]
    kept: Sequence[Kept]
    tried: Sequence[Tried]


def handed_to(deliveries: sa.Engine, agency: str, limit: int = MOST) -> Handed:
    """Look; each list takes one walk along the primary key from its end, however long the history is."""
    with reading(deliveries) as connection:
        return Handed(
            _taken(connection, agency, limit), _kept(connection, agency, limit), _tried(connection, agency, limit)
        )


def _taken(connection: sa.Connection, agency: str, limit: int) -> list[Taken]:
    c = delivered.c
    query = sa.select(c.position, c.event_id, c.delivered_at, c.attempts, c.replayed_by).where(c.agency == agency)
    return [Taken(*row) for row in connection.execute(query.order_by(c.position.desc()).limit(limit))]


def _kept(connection: sa.Connection, agency: str, limit: int) -> list[Kept]:
    c = held.c
    columns = (c.position, c.event_id, c.type, c.state, c.attempts, c.error_class, c.message, c.held_at, c.due_at)
    query = sa.select(*columns).where(c.agency == agency).order_by(c.position.desc()).limit(limit)
    return [
        Kept(
            row.position,
            row.event_id,
            row.type,
            State(row.state),
            row.attempts,
            row.error_class,
            row.message and without_numbers(row.message),
            row.held_at,
            row.due_at if row.state == State.DUE else None,
        )
        for row in connection.execute(query)
    ]


def _tried(connection: sa.Connection, agency: str, limit: int) -> list[Tried]:
    c = attempts.c
    query = sa.select(attempts).where(c.agency == agency).order_by(c.position.desc(), c.number.desc()).limit(limit)
    return [
        Tried(
            row.position,
            row.number,
            row.at,
            row.seconds,
            row.outcome,
            row.error_class,
            row.message and without_numbers(row.message),
            row.requested_by,
        )
        for row in connection.execute(query)
    ]
