"""Writes what became of events: the inside of the store's transactions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from hub.deliveries import chains, rows
from hub.deliveries.chains import Next
from hub.deliveries.delivery import Account, Held, Request, State, Trial
from hub.deliveries.tables import attempts, delivered, held, hold_feed, insert

_SETTLED = sa.text(
    "SELECT position FROM deliveries WHERE agency = :agency AND position BETWEEN :first AND :last UNION ALL"
    " SELECT position FROM held_deliveries WHERE agency = :agency AND position BETWEEN :first AND :last"
)


def record(connection: sa.Connection, agency: str, account: Account) -> None:
    """Record a batch of which something was tried, or waits; what is recorded already stays."""
    places = account.positions
    hold_feed(connection, agency)
    known = settled(connection, agency, min(places), max(places))
    trials = [trial for trial in account.trials if trial.record.position not in known]
    failed = [(trial, trial.failure) for trial in trials if trial.failure]
    waiting = [entry for entry in account.waiting if entry.record.position not in known]
    taken = [rows.delivered_row(agency, trial, 1, None) for trial in trials if not trial.failure]
    insert(connection, delivered, taken)
    insert(connection, attempts, [rows.attempt_row(agency, trial, 1, None) for trial, _ in failed])
    insert(connection, held, [rows.parked_row(agency, trial, failure) for trial, failure in failed])
    insert(connection, held, [rows.waiting_row(agency, entry, account.at) for entry in waiting])
    chains.free_orphans(connection, agency, account, waiting)


def settled(connection: sa.Connection, agency: str, first: int, last: int) -> set[int]:
    """Return the positions from `first` to `last` that are recorded already."""
    return set(connection.scalars(_SETTLED, {"agency": agency, "first": first, "last": last}))


def still_due(connection: sa.Connection, agency: str, tried: Mapping[int, Held]) -> set[int]:
    """Return what nobody has recorded since: not even a failure that was made due again meanwhile."""
    mine = sa.and_(held.c.agency == agency, held.c.position.in_(list(tried)), held.c.state == State.DUE)
    found = connection.execute(sa.select(held.c.position, held.c.attempts).where(mine))
    return {row.position for row in found if row.attempts == tried[row.position].attempts}


def behind(connection: sa.Connection, agency: str, fronts: Mapping[int, Request | None]) -> list[Next]:
    """Return what waits directly behind the positions, with the request of the one in front."""
    if not fronts:
        return []
    query = sa.select(held.c.position, held.c.key, held.c.behind).where(
        held.c.agency == agency, held.c.behind.in_(list(fronts)), held.c.state == State.WAITING
    )
    return [Next(place, key, fronts[behind]) for place, key, behind in connection.execute(query)]


def record_attempts(connection: sa.Connection, agency: str, tried: Mapping[int, Held], trials: Sequence[Trial]) -> None:
    """Record what became of events that were kept back (`tried`, by position)."""
    taken, lines, changes = [], [], []
    for trial in trials:
        entry = tried[trial.record.position]
        number, asked = entry.attempts + 1, entry.request
        lines.append(rows.attempt_row(agency, trial, number, asked))
        changes.append(rows.change_of(trial, number, asked))
        if not trial.failure:
            taken.append(rows.delivered_row(agency, trial, number, asked.by if asked else None))
    insert(connection, delivered, taken)
    insert(connection, attempts, lines)
    if changes:
        mine = sa.and_(held.c.agency == agency, held.c.position == sa.bindparam("place"))
        connection.execute(sa.update(held).where(mine).values(rows.CHANGE), changes)
