"""The order of a person among the deliveries kept back: who waits behind whom, and who may go next.

Whatever waits is linked to an open event before it. When that one is taken, the link is followed: the event
becomes due, or is linked anew when by now another number of the same person has something open before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import sqlalchemy as sa

from hub.database import among
from hub.deliveries.delivery import OPEN, Account, Request, State, Waiting
from hub.deliveries.tables import held


class Link(NamedTuple):
    """An event waits behind another of the same agency."""

    position: int
    behind: int


class Next(NamedTuple):
    """An event whose turn may have come, and the request that freed it."""

    position: int
    key: str
    request: Request | None


def open_ends(connection: sa.Connection, agency: str, keys: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Return (first, last) open position of each of the keys that has any."""
    query = (
        sa.select(held.c.key, sa.func.min(held.c.position), sa.func.max(held.c.position))
        .where(held.c.agency == agency, among(held.c.key, keys), held.c.state.in_(OPEN))
        .group_by(held.c.key)
    )
    return {key: (first, last) for key, first, last in connection.execute(query)}


def open_among(connection: sa.Connection, agency: str, positions: Sequence[int]) -> set[int]:
    """Return those of the positions that are open."""
    return in_state(connection, agency, positions, OPEN)


def in_state(connection: sa.Connection, agency: str, positions: Sequence[int], states: Sequence[State]) -> set[int]:
    """Return those of the positions that are held in one of the states."""
    if not positions:
        return set()
    query = sa.select(held.c.position).where(
        held.c.agency == agency, held.c.position.in_(positions), held.c.state.in_(states)
    )
    return set(connection.execute(query).scalars())


def link(connection: sa.Connection, agency: str, links: Sequence[Link], now: int) -> None:
    """Let each event wait behind its other one."""
    values = {"state": State.WAITING, "waiting_since": now, "behind": sa.bindparam("front"), "due_at": None}
    _change(connection, agency, values, [{"place": own, "front": behind} for own, behind in links])


def let_go(
    connection: sa.Connection,
    agency: str,
    turns: Sequence[Next],
    numbers: Mapping[str, Sequence[str]],
    now: int,
) -> None:
    """Make due what has nothing open before it under any number of its person; link the rest to what has."""
    known = {turn.key: {turn.key, *numbers.get(turn.key, ())} for turn in turns}
    ends = open_ends(connection, agency, {number for own in known.values() for number in own})
    heads = {key: min(ends[number][0] for number in own if number in ends) for key, own in known.items()}
    link(connection, agency, [Link(t.position, heads[t.key]) for t in turns if heads[t.key] < t.position], now)
    values = {
        "state": State.DUE,
        "due_at": now,
        "requested_by": sa.bindparam("by"),
        "requested_at": sa.bindparam("asked"),
        "reason": sa.bindparam("why"),
    }
    _change(connection, agency, values, [_due(turn) for turn in turns if heads[turn.key] == turn.position])


def free_orphans(connection: sa.Connection, agency: str, account: Account, waiting: Sequence[Waiting]) -> None:
    """Free what waits behind an event that another loop has handed out meanwhile: nobody else would."""
    live = open_among(connection, agency, [entry.behind for entry in waiting])
    orphans = [entry.record for entry in waiting if entry.behind not in live]
    if orphans:
        turns = [Next(record.position, record.key, None) for record in orphans]
        let_go(connection, agency, turns, account.numbers, account.at)


def _due(turn: Next) -> dict[str, object]:
    asked = turn.request
    return {
        "place": turn.position,
        "by": asked and asked.by,
        "asked": asked and asked.at,
        "why": asked and asked.reason,
    }


def _change(
    connection: sa.Connection, agency: str, values: Mapping[str, object], rows: list[dict[str, object]]
) -> None:
    if rows:
        change = sa.update(held).where(held.c.agency == agency, held.c.position == sa.bindparam("place"))
        connection.execute(change.values(values), rows)
