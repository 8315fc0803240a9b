"""Where the delivery loop keeps what became of each event, so that a killed loop goes on where it was.

Every method is one transaction. What is recorded for a position of an agency's feed stays: recording the same
position again, by a loop that was killed or by a second loop, changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from hub.database import reading
from hub.deliveries import chains, rows
from hub.deliveries.chains import Link, Next
from hub.deliveries.delivery import Account, Held, Request, State, Trial, Waiting
from hub.deliveries.tables import attempts, delivered, held, hold_feed, insert


class Deliveries:
    """The deliveries of all agencies in one database, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def settled(self, agency: str, first: int, last: int) -> set[int]:
        """Return the positions from `first` to `last` that are recorded already."""
        with reading(self._engine) as connection:
            return _settled(connection, agency, first, last)

    def open_ends(self, agency: str, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
        """Return (first, last) open position of each of the keys that has any."""
        with reading(self._engine) as connection:
            return chains.open_ends(connection, agency, keys)

    def record(self, agency: str, account: Account) -> None:
        """Record a batch: what was taken, what is parked, and what waits."""
        places = account.positions
        if not places:
            return
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            known = _settled(connection, agency, min(places), max(places))
            trials = [trial for trial in account.trials if trial.record.position not in known]
            failed = [(trial, trial.failure) for trial in trials if trial.failure]
            waiting = [entry for entry in account.waiting if entry.record.position not in known]
            taken = [rows.delivered_row(agency, trial, 1, None) for trial in trials if not trial.failure]
            insert(connection, delivered, taken)
            insert(connection, attempts, [rows.attempt_row(agency, trial, 1, None) for trial, _ in failed])
            insert(connection, held, [rows.parked_row(agency, trial, failure) for trial, failure in failed])
            insert(connection, held, [rows.waiting_row(agency, entry, account.at) for entry in waiting])
            _free_orphans(connection, agency, account, waiting)

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

    def keys_behind(self, agency: str, positions: Sequence[int]) -> set[str]:
        """Return the keys of the events that wait behind one of the positions."""
        with reading(self._engine) as connection:
            return {turn.key for turn in _behind(connection, agency, dict.fromkeys(positions))}

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
            still = _still_due(connection, agency, tried)
            trials = [trial for trial in trials if trial.record.position in still]
            _record_attempts(connection, agency, tried, trials)
            taken = {t.record.position: tried[t.record.position].request for t in trials if not t.failure}
            turns = _behind(connection, agency, taken)
            if turns:
                chains.let_go(connection, agency, turns, numbers, max(trial.at for trial in trials))

    def postpone(self, agency: str, positions: Sequence[int], until: int) -> None:
        """Let due events stay due, but not before `until`."""
        mine = sa.and_(held.c.agency == agency, held.c.position.in_(positions), held.c.state == State.DUE)
        with self._engine.begin() as connection:
            hold_feed(connection, agency)
            connection.execute(sa.update(held).where(mine).values(due_at=until))

    def make_due(self, chosen: sa.ColumnElement[bool], request: Request) -> int:
        """Make due at `request.at` what is parked, or due later, and `chosen`. Return how many.

        `chosen` is a condition on `hub.deliveries.tables.held`.
        """
        mine = sa.and_(_can_be_made_due(request.at), chosen)
        asked = {"requested_by": request.by, "requested_at": request.at, "reason": request.reason}
        with self._engine.begin() as connection:
            agencies = connection.scalars(sa.select(held.c.agency).where(mine).distinct().order_by(held.c.agency)).all()
            for agency in agencies:  # in one order, so that two who ask at once don't block each other
                hold_feed(connection, agency)
            change = sa.update(held).where(mine, held.c.agency.in_(agencies))
            return connection.execute(change.values(state=State.DUE, due_at=request.at, **asked)).rowcount

    def count_due(self, chosen: sa.ColumnElement[bool], now: int) -> int:
        """Return how many `make_due` would make due."""
        query = sa.select(sa.func.count()).select_from(held).where(_can_be_made_due(now), chosen)
        with reading(self._engine) as connection:
            return connection.execute(query).scalar_one()


def _can_be_made_due(now: int) -> sa.ColumnElement[bool]:
    later = sa.and_(held.c.state == State.DUE, held.c.due_at > now)
    return sa.or_(held.c.state == State.PARKED, later)


def _settled(connection: sa.Connection, agency: str, first: int, last: int) -> set[int]:
    places: set[int] = set()
    for table in (delivered, held):
        between = table.c.position.between(first, last)
        query = sa.select(table.c.position).where(table.c.agency == agency, between)
        places.update(connection.execute(query).scalars())
    return places


def _still_due(connection: sa.Connection, agency: str, tried: Mapping[int, Held]) -> set[int]:
    """Return what nobody has recorded since: not even a failure that was made due again meanwhile."""
    mine = sa.and_(held.c.agency == agency, held.c.position.in_(list(tried)), held.c.state == State.DUE)
    found = connection.execute(sa.select(held.c.position, held.c.attempts).where(mine))
    return {row.position for row in found if row.attempts == tried[row.position].attempts}


def _free_orphans(connection: sa.Connection, agency: str, account: Account, waiting: Sequence[Waiting]) -> None:
    """Free what waits behind an event that another loop has handed out meanwhile: nobody else would."""
    live = chains.open_among(connection, agency, [entry.behind for entry in waiting])
    orphans = [entry.record for entry in waiting if entry.behind not in live]
    if orphans:
        turns = [Next(record.position, record.key, None) for record in orphans]
        chains.let_go(connection, agency, turns, account.numbers, account.at)


def _behind(connection: sa.Connection, agency: str, fronts: Mapping[int, Request | None]) -> list[Next]:
    """Return what waits directly behind the positions, with the request of the one in front."""
    if not fronts:
        return []
    query = sa.select(held.c.position, held.c.key, held.c.behind).where(
        held.c.agency == agency, held.c.behind.in_(list(fronts)), held.c.state == State.WAITING
    )
    return [Next(place, key, fronts[behind]) for place, key, behind in connection.execute(query)]


def _record_attempts(
    connection: sa.Connection, agency: str, tried: Mapping[int, Held], trials: Sequence[Trial]
) -> None:
    taken, lines, changes = [], [], []
    for trial in trials:
        entry = tried[trial.record.position]
        number, asked = entry.attempts + 1, entry.request
        lines.append(rows.attempt_row(agency, trial, number, asked))
        changes.append(rows.change_of(trial, number))
        if not trial.failure:
            taken.append(rows.delivered_row(agency, trial, number, asked.by if asked else None))
    insert(connection, delivered, taken)
    insert(connection, attempts, lines)
    if changes:
        mine = sa.and_(held.c.agency == agency, held.c.position == sa.bindparam("place"))
        connection.execute(sa.update(held).where(mine).values(rows.CHANGE), changes)
