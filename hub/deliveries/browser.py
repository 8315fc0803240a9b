"""Looking into the deliveries: for the status, the listing of what is parked, and the story of one event."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hub.database import reading
from hub.deliveries import rows
from hub.deliveries.delivery import Fact, FactKind, Held, Outcome, State, Summary
from hub.deliveries.superseding import superseding
from hub.deliveries.tables import attempts, delivered, held

#: Tried and not with the agency yet.
_FAILED = (State.PARKED, State.DUE)


class DeliveryBrowser:
    """The read side of the deliveries. It changes nothing."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def summary(self, agency: str) -> Summary:
        """Count what is kept back for an agency, and what came through by replay."""
        query = sa.select(held.c.state, sa.func.count()).where(held.c.agency == agency).group_by(held.c.state)
        with reading(self._engine) as connection:
            counts: dict[str, int] = dict(connection.execute(query).all())
        return Summary(
            parked=counts.get(State.PARKED, 0),
            waiting=counts.get(State.WAITING, 0),
            due=counts.get(State.DUE, 0),
            replayed=counts.get(State.DELIVERED, 0),
            withheld=counts.get(State.WITHHELD, 0),
        )

    def parked(
        self,
        agency: str | None = None,
        after: tuple[str, int] = ("", 0),
        limit: int = 100,
        states: Sequence[State] = _FAILED,
    ) -> list[Held]:
        """Return the next page behind `after` = (agency, position), ordered so; of one agency or of all."""
        query = (
            sa.select(held)
            .where(sa.tuple_(held.c.agency, held.c.position) > after, held.c.state.in_(states))
            .order_by(held.c.agency, held.c.position)
            .limit(limit)
        )
        if agency is not None:
            query = query.where(held.c.agency == agency)
        with reading(self._engine) as connection:
            return [rows.held_of(row) for row in connection.execute(query)]

    def superseding(
        self, entries: Sequence[Held], numbers: Mapping[str, Sequence[str]] | None = None
    ) -> Mapping[tuple[str, int], str]:
        """Return (agency, position) → id of the later event that makes an entry out of date; see `superseding`.

        `numbers` gives every number that a person has or had, by number (`Today.numbers_of`).
        """
        with reading(self._engine) as connection:
            return superseding(connection, entries, numbers or {})

    def is_due(self, agency: str, until: int) -> bool:
        """Say whether anything of an agency is due at a time or before."""
        query = sa.select(held.c.position).where(
            held.c.agency == agency, held.c.state == State.DUE, held.c.due_at <= until
        )
        with reading(self._engine) as connection:
            return connection.execute(query.limit(1)).one_or_none() is not None

    def story(self, event_id: str) -> list[Fact]:
        """Tell what happened to an event on its way to each agency, in order of time."""
        facts: list[Fact] = []
        with reading(self._engine) as connection:
            for row in connection.execute(sa.select(held).where(held.c.event_id == event_id)).all():
                facts += _kept_facts(row, _attempts(connection, row))
            taken = connection.execute(sa.select(delivered).where(delivered.c.event_id == event_id)).all()
        facts += [_taken_fact(row) for row in taken]
        return sorted(facts, key=lambda fact: fact.at)


def _attempts(connection: sa.Connection, entry: sa.Row[Any]) -> Sequence[sa.Row[Any]]:
    mine = sa.and_(attempts.c.agency == entry.agency, attempts.c.position == entry.position)
    return connection.execute(sa.select(attempts).where(mine).order_by(attempts.c.number)).all()


def _kept_facts(row: sa.Row[Any], tries: Sequence[sa.Row[Any]]) -> list[Fact]:
    """In the order in which they must have happened, should the clock not tell them apart."""
    facts = []
    if row.waiting_since is not None:
        facts.append(Fact(row.waiting_since, row.agency, row.position, FactKind.WAITING))
    for attempt in tries:
        facts += _attempt_facts(attempt)
    if row.state == State.DUE and row.requested_at is not None:
        facts.append(_request(row))
    return facts


def _attempt_facts(row: sa.Row[Any]) -> list[Fact]:
    facts = [] if row.requested_at is None else [_request(row)]
    if row.outcome != Outcome.DELIVERED:  # a delivery is told by its own row
        what = (row.number, row.error_class, row.message)
        kind = FactKind.WITHHELD if row.outcome == Outcome.WITHHELD else FactKind.PARKED
        facts.append(Fact(row.at, row.agency, row.position, kind, *what))
    return facts


def _request(row: sa.Row[Any]) -> Fact:
    return Fact(row.requested_at, row.agency, row.position, FactKind.REQUESTED, by=row.requested_by, reason=row.reason)


def _taken_fact(row: sa.Row[Any]) -> Fact:
    return Fact(row.delivered_at, row.agency, row.position, FactKind.DELIVERED, row.attempts, by=row.replayed_by)
