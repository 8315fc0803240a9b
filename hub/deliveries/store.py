"""Where the delivery loop keeps what became of each event, so that a killed loop goes on where it was.

Every method is one transaction. What is recorded for a position of an agency's feed stays: recording the same
position again, by a loop that was killed or by a second loop, changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import sqlalchemy as sa

from hub.database import reading
from hub.deliveries import chains, recording, rows
from hub.deliveries.again import taken_among
from hub.deliveries.chains import Link
from hub.deliveries.delivery import Account, Held, Request, State, Trial
from hub.deliveries.put_off import PutOff, put_off
from hub.deliveries.tables import delivered, held, hold_feed
from hub.deliveries.together import Together

#: From one agency to the next by the index, instead of through everything that is kept back.
_WITH_DUE = sa.text(
    "WITH RECURSIVE each_one(agency) AS (SELECT min(agency) FROM held_deliveries UNION ALL SELECT"
    " (SELECT min(h.agency) FROM held_deliveries h WHERE h.agency > each_one.agency) FROM each_one"
    " WHERE each_one.agency IS NOT NULL) SELECT agency FROM each_one WHERE EXISTS (SELECT 1 FROM held_deliveries h"
    " WHERE h.agency = each_one.agency AND h.state = 'due' AND h.due_at <= :now)"
)


class Deliveries:
    """The deliveries of all agencies in one database, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._together = Together(engine)

    def settled(self, agency: str, first: int, last: int) -> set[int]:
        """Return the positions from `first` to `last` that are recorded already."""
        with reading(self._engine) as connection:
            return recording.settled(connection, agency, first, last)

    def open_ends(self, agency: str, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return (first, last) open position of each of the keys that has any."""
        with reading(self._engine) as connection:
            return chains.open_ends(connection, agency, keys)

    def taken(self, agency: str, positions: Sequence[int]) -> Mapping[int, int]:
        """Return those of the positions that the agency has taken, with the attempts that it took."""
        with reading(self._engine) as connection:
            return taken_among(connection, agency, positions)

    def last_taken(self, agency: str) -> int:
        """Return the last position that the agency has taken, or 0."""
        query = sa.select(delivered.c.position).where(delivered.c.agency == agency)
        with reading(self._engine) as connection:
            return connection.scalar(query.order_by(delivered.c.position.desc()).limit(1)) or 0

    def record(self, agency: str, account: Account) -> None:
        """Record a batch: what was taken, what is parked, and what waits."""
        if not account.positions:
            return
        self._together.run(lambda connection: recording.record(connection, agency, account))

    def due(self, agency: str, now: int, limit: int) -> list[Held]:
        """Return what is due at `now`, the longest due first."""
        query = (
            sa.select(held)
            .where(held.c.agency == agency, held.c.state == State.DUE, held.c.due_at <= now)
            .order_by(held.c.due_at, held.c.position)
            .limit(limit)
        )
        with reading(self._engine) as connection:
            return [rows.held_of(row) for row in connection.execute(query)]

    def agencies_with_due(self, now: int) -> Collection[str]:
        """Return the agencies for which anything is due at `now`; quick, however much is kept back."""
        with reading(self._engine) as connection:
            return set(connection.scalars(_WITH_DUE, {"now": now}))

    def keys_behind(self, agency: str, positions: Sequence[int]) -> set[str]:
        """Return the keys of the events that wait behind one of the positions."""
        with reading(self._engine) as connection:
            return {turn.key for turn in recording.behind(connection, agency, dict.fromkeys(positions))}

    def hold_back(self, agency: str, links: Sequence[Link], now: int) -> None:
        """Let due events wait behind an earlier open one of the same person after all."""
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            still = chains.in_state(connection, agency, [entry.position for entry in links], [State.DUE])
            live = chains.open_among(connection, agency, [entry.behind for entry in links])
            chosen = [entry for entry in links if entry.position in still and entry.behind in live]
            chains.link(connection, agency, chosen, now)

    def record_due(
        self,
        agency: str,
        tried: Mapping[int, Held],
        trials: Sequence[Trial],
        numbers: Mapping[str, Sequence[str]],
    ) -> None:
        """Record what became of due events (`tried`, by position); what waited behind the taken ones is next.

        `numbers` gives every number of the person for the keys of those that wait.
        """
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            still = recording.still_due(connection, agency, tried)
            trials = [trial for trial in trials if trial.record.position in still]
            recording.record_attempts(connection, agency, tried, trials)
            gone = {t.record.position: tried[t.record.position].request for t in trials if t.closes}
            turns = recording.behind(connection, agency, gone)
            if turns:
                chains.let_go(connection, agency, turns, numbers, max(trial.at for trial in trials))

    def put_off(self, agency: str, later_than: int, after: tuple[int, int], limit: int) -> list[PutOff]:
        """Return the next ones that are due later than a time, behind `after` = (due at, position), in that order."""
        with reading(self._engine) as connection:
            return put_off(connection, agency, later_than, after, limit)

    def postpone(self, agency: str, positions: Sequence[int], until: int) -> None:
        """Let due events stay due, at `until`: not before, and not later either."""
        mine = sa.and_(held.c.agency == agency, held.c.position.in_(positions), held.c.state == State.DUE)
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            connection.execute(sa.update(held).where(mine).values(due_at=until))

    def make_due(self, chosen: sa.ColumnElement[bool], request: Request) -> int:
        """Make due at `request.at` what is parked, or due later, and `chosen`. Return how many.

        `chosen` is a condition on `hub.deliveries.tables.held`.
        """
        with self._engine.begin() as connection:
            return ask(connection, chosen, request)

    def count_due(self, chosen: sa.ColumnElement[bool], now: int) -> int:
        """Return how many `make_due` would make due."""
        query = sa.select(sa.func.count()).select_from(held).where(can_be_made_due(now), chosen)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()


def ask(connection: sa.Connection, chosen: sa.ColumnElement[bool], request: Request) -> int:
    """Do what `Deliveries.make_due` does, in a transaction of the caller's."""
    mine = sa.and_(can_be_made_due(request.at), chosen)
    asked = {"requested_by": request.by, "requested_at": request.at, "reason": request.reason}
    agencies = connection.scalars(sa.select(held.c.agency).where(mine).distinct().order_by(held.c.agency)).all()
    for agency in agencies:  # in one order, so that two who ask at once don't block each other
        hold_feed(connection, agency)
    change = sa.update(held).where(mine, held.c.agency.in_(agencies))
    return connection.execute(change.values(state=State.DUE, due_at=request.at, **asked)).rowcount


def can_be_made_due(now: int) -> sa.ColumnElement[bool]:
    """Return what may be asked for on `held_deliveries`: what is parked, or due later than `now` by a schedule."""
    later = sa.and_(held.c.state == State.DUE, held.c.due_at > now)
    return sa.or_(held.c.state == State.PARKED, later)
