"""Rewinds: an operator wants a stretch of a feed handed out once more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from uuid_utils import uuid7

from hub.audit import Entry, write_entry
from hub.contacts.tables import rewinds
from hub.database import reading
from hub.deliveries import Account, Request
from hub.deliveries.again import record_again
from hub.deliveries.tables import hold_feed


class RewindRefused(Exception):
    """A feed can't be rewound so. Says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Rewind:
    """Positions behind `after` up to `until` come once more. Times are ms since 1970 UTC."""

    id: str
    agency: str
    after: int
    until: int
    #: How far it has come.
    reached: int
    #: How many events the agency has taken once more, and how many it has not: those are parked.
    taken: int
    refused: int
    request: Request
    ended_at: int | None = None
    #: Who ended it before it was through.
    cancelled_by: str | None = None


class Rewinds:
    """The rewinds of all feeds in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def ask(self, agency: str, after: int, until: int, request: Request, identity: str | None = None) -> Rewind:
        """Ask for a rewind. Raises `RewindRefused` when another one is under way, or there is nothing to hand out.

        `identity` is the id that it shall have; the same one asked for twice is one rewind, and only the first's.
        """
        if until <= after:
            raise RewindRefused(f"nothing of the feed of {agency} behind there has been handed out yet")
        rewind = Rewind(identity or str(uuid7()), agency, after, until, after, 0, 0, request)
        with self._engine.begin() as connection:
            hold_feed(connection, agency)  # of two operators at once one is told
            known = connection.execute(sa.select(rewinds).where(rewinds.c.id == rewind.id)).one_or_none()
            if known is not None:
                return _known(_rewind_of(known), rewind)
            mine = sa.and_(rewinds.c.agency == agency, rewinds.c.ended_at.is_(None))
            other = connection.scalars(sa.select(rewinds.c.id).where(mine)).first()
            if other is not None:
                raise RewindRefused(f"the feed of {agency} is being rewound already ({other}); cancel that first")
            connection.execute(sa.insert(rewinds), _row(rewind))
            detail = {"rewind": rewind.id, "after": after, "until": until}
            write_entry(connection, Entry(request.at, request.by, "feed.rewound", agency, request.reason, detail))
        return rewind

    def open(self) -> Mapping[str, Rewind]:
        """Return the rewinds that are under way, by agency."""
        return {one.agency: one for one in self._find(rewinds.c.ended_at.is_(None))}

    def of(self, agency: str) -> Sequence[Rewind]:
        """Return all rewinds of an agency's feed, the newest first."""
        return sorted(self._find(rewinds.c.agency == agency), key=lambda one: (one.request.at, one.id), reverse=True)

    def through(self, agency: str, position: int, since: int) -> Sequence[Request]:
        """Return who let a position be handed out once more that the agency had taken at `since`, the oldest first."""
        c = rewinds.c
        found = self._find(
            sa.and_(c.agency == agency, c.after < position, c.reached >= position, c.requested_at >= since)
        )
        return [one.request for one in sorted(found, key=lambda one: (one.request.at, one.id))]

    def advance(self, rewind: Rewind, account: Account, reached: int) -> Rewind | None:
        """Record a page of a rewind, in one transaction: it has come as far as `reached`.

        Return how it stands now; None when it was cancelled meanwhile or another loop was quicker: then what the
        agency did not take is recorded all the same, and the rest as if it had not been.
        """
        refused = sum(trial.failure is not None for trial in account.trials)
        with self._engine.begin() as connection:
            hold_feed(connection, rewind.agency)
            record_again(connection, rewind.agency, account)
            still = sa.and_(
                rewinds.c.id == rewind.id, rewinds.c.reached == rewind.reached, rewinds.c.ended_at.is_(None)
            )
            values = {
                "reached": reached,
                "until": rewind.until,
                "taken": rewinds.c.taken + len(account.trials) - refused,
                "refused": rewinds.c.refused + refused,
                "ended_at": account.at if reached >= rewind.until else None,
            }
            if connection.execute(sa.update(rewinds).where(still).values(values)).rowcount == 0:
                return None
            return _rewind_of(connection.execute(sa.select(rewinds).where(rewinds.c.id == rewind.id)).one())

    def cancel(self, agency: str, request: Request) -> Rewind | None:
        """End the rewind of an agency's feed that is under way. Return it; None when there is none."""
        mine = sa.and_(rewinds.c.agency == agency, rewinds.c.ended_at.is_(None))
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            row = connection.execute(sa.select(rewinds).where(mine)).one_or_none()
            if row is None:
                return None
            values = {"ended_at": request.at, "cancelled_by": request.by}
            connection.execute(sa.update(rewinds).where(rewinds.c.id == row.id).values(values))
            detail = {"rewind": row.id, "reached": row.reached, "until": row.until}
            entry = Entry(request.at, request.by, "feed.rewind_cancelled", agency, request.reason, detail)
            write_entry(connection, entry)
        return _rewind_of(row)

    def _find(self, which: sa.ColumnElement[bool]) -> list[Rewind]:
        with reading(self._engine) as connection:
            return [_rewind_of(row) for row in connection.execute(sa.select(rewinds).where(which))]


def _known(known: Rewind, asked: Rewind) -> Rewind:
    """Return what was asked for before under the id. Raises `RewindRefused` when that was something else."""
    if (known.agency, known.request.by) != (asked.agency, asked.request.by):
        raise RewindRefused("this rewind was asked for already, by somebody else; look at the feed once more")
    return known


def _row(rewind: Rewind) -> dict[str, Any]:
    return {
        "id": rewind.id,
        "agency": rewind.agency,
        "after": rewind.after,
        "until": rewind.until,
        "reached": rewind.reached,
        "taken": 0,
        "refused": 0,
        "requested_at": rewind.request.at,
        "requested_by": rewind.request.by,
        "reason": rewind.request.reason,
    }


def _rewind_of(row: sa.Row[Any]) -> Rewind:
    request = Request(row.requested_by, row.reason, row.requested_at)
    found = (row.id, row.agency, row.after, row.until, row.reached, row.taken, row.refused)
    return Rewind(*found, request, row.ended_at, row.cancelled_by)
