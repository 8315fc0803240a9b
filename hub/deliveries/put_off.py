"""What is due later, with what is known of why: for finding what a clock that ran ahead has put off for too long."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.deliveries.delivery import State
from hub.deliveries.tables import attempts, held


class PutOff(NamedTuple):
    """A delivery that is due at a time to come. Times are milliseconds since 1970 UTC."""

    position: int
    due_at: int
    attempts: int
    error_class: str
    #: When it was tried last; None: never.
    tried_at: int | None
    #: Since when it waited behind another; None: it never did.
    waiting_since: int | None
    #: Somebody has asked for it: then nobody has put it off.
    asked: bool


def put_off(
    connection: sa.Connection, agency: str, later_than: int, after: tuple[int, int], limit: int
) -> list[PutOff]:
    """Return the next ones that are due later than a time, behind `after` = (due at, position), in that order."""
    c, a = held.c, attempts.c
    last = sa.and_(a.agency == c.agency, a.position == c.position, a.number == c.attempts)
    query = (
        sa.select(
            c.position,
            c.due_at,
            c.attempts,
            c.error_class,
            a.at,
            c.waiting_since,
            c.requested_by.is_not(None).label("asked"),
        )
        .outerjoin_from(held, attempts, last)
        .where(c.agency == agency, c.state == State.DUE, c.due_at > later_than)
        .where(sa.tuple_(c.due_at, c.position) > after)
        .order_by(c.due_at, c.position)
        .limit(limit)
    )
    return [_put_off(row) for row in connection.execute(query)]


def _put_off(row: sa.Row[Any]) -> PutOff:
    times = (row.at, row.waiting_since)
    return PutOff(row.position, row.due_at, row.attempts, row.error_class or "", *times, bool(row.asked))
