"""What an agency has taken already and gets once more: what it refuses then is parked like any other event."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import sqlalchemy as sa

from hub.deliveries import chains, rows
from hub.deliveries.delivery import Account, Failure, Trial, Waiting
from hub.deliveries.tables import attempts, delivered, held, insert

#: Parameters of one statement at most.
_SOME = 500


def taken_among(connection: sa.Connection, agency: str, positions: Sequence[int]) -> dict[int, int]:
    """Return those of the positions that the agency has taken, each with the number of attempts that it took."""
    found: dict[int, int] = {}
    for start in range(0, len(positions), _SOME):
        some = delivered.c.position.in_(positions[start : start + _SOME])
        query = sa.select(delivered.c.position, delivered.c.attempts).where(delivered.c.agency == agency, some)
        more: dict[int, int] = dict(connection.execute(query).all())
        found |= more
    return found


def record_again(connection: sa.Connection, agency: str, account: Account) -> None:
    """Record what became of events that were delivered before; the feed is held (`hold_feed`).

    Those not taken, and those that wait behind them, are the agency's no longer: they are kept back until they are
    delivered again. Of those taken nothing changes.
    """
    failed = [(trial, trial.failure) for trial in account.trials if trial.failure]
    places = [trial.record.position for trial, _ in failed] + [w.record.position for w in account.waiting]
    tries = taken_among(connection, agency, places)  # what another loop has put back meanwhile is not there
    _take_back(connection, agency, tries)
    parked = [(t, f) for t, f in failed if t.record.position in tries]
    waiting = [entry for entry in account.waiting if entry.record.position in tries]
    _keep(connection, agency, parked, tries)
    insert(connection, held, [_waiting_row(agency, entry, account.at, tries) for entry in waiting])
    chains.free_orphans(connection, agency, account, waiting)


def _keep(
    connection: sa.Connection, agency: str, failed: Sequence[tuple[Trial, Failure]], tries: Mapping[int, int]
) -> None:
    lines, entries = [], []
    for trial, failure in failed:
        number = tries[trial.record.position] + 1
        lines.append(rows.attempt_row(agency, trial, number, None))
        entries.append(rows.parked_row(agency, trial, failure) | {"attempts": number})
    insert(connection, attempts, lines)
    insert(connection, held, entries)


def _waiting_row(agency: str, entry: Waiting, now: int, tries: Mapping[int, int]) -> dict[str, object]:
    return rows.waiting_row(agency, entry, now) | {"attempts": tries[entry.record.position]}


def _take_back(connection: sa.Connection, agency: str, positions: Collection[int]) -> None:
    places = list(positions)
    for table in (delivered, held):
        for start in range(0, len(places), _SOME):
            some = table.c.position.in_(places[start : start + _SOME])
            connection.execute(sa.delete(table).where(table.c.agency == agency, some))
