"""Asks for the next deliveries of a replay: they become due, and the delivery loop brings them like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import sqlalchemy as sa

from hub.database import among, reading
from hub.deliveries import Held, Request, State, ask, rows
from hub.deliveries.tables import held, hold_feed
from hub.replays import Item, ItemState, items
from hub.replays.locked import running
from hub.replays.tables import items as table
from replay.verdict import Judge

#: Why one can't be asked for that is not parked any more.
_NOT_PARKED: Final[Mapping[State, str]] = {
    State.DELIVERED: "delivered",
    State.RELEASED: "delivered",
    State.WITHHELD: "withheld",
    State.WAITING: "behind",
    State.DUE: "due_already",
}


def ask_for(
    judge: Judge, replay_id: str, runner: str, todo: Sequence[Item], request: Request, *, quarantined: bool
) -> tuple[int, int]:
    """Ask for deliveries of one agency, or skip them; return how many of each. Nothing when the replay is not ours."""
    agency = todo[0].agency
    entries = _entries(judge.deliveries, agency, [item.position for item in todo])
    parked = [entry for entry in entries if entry.state in (State.PARKED, State.DUE)]
    skipped = judge.before_asking(agency, parked, quarantined=quarantined) if parked else {}
    with judge.deliveries.begin() as connection:
        if not running(connection, replay_id, runner):
            return 0, 0
        hold_feed(connection, agency)
        chosen: dict[int, int] = {}
        changes = []
        now = _now(connection, agency, [item.position for item in todo])
        elsewhere = _asked_elsewhere(connection, replay_id, todo)
        for item in todo:
            place = item.position
            why = skipped.get(place) or _why_not(now.get(place), request.at)
            if why is None and place in elsewhere:
                why = "due_already"
            if why is None:
                chosen[place] = now[place].attempts
            else:
                changes.append(items.ended(item, ItemState.SKIPPED, why, request.at))
        items.settle(connection, replay_id, changes)
        items.note_asked(connection, replay_id, agency, chosen, request.at)
        if chosen:
            ask(connection, sa.and_(held.c.agency == agency, held.c.position.in_(list(chosen))), request)
    return len(chosen), len(changes)


class _Now(NamedTuple):
    """How a delivery stands at this moment."""

    state: State
    attempts: int
    due_at: int | None


def _why_not(entry: _Now | None, now: int) -> str | None:
    if entry is None:
        return "gone"
    if entry.state is State.PARKED or (entry.state is State.DUE and (entry.due_at or 0) > now and entry.attempts):
        return None
    return _NOT_PARKED[entry.state]


def _entries(engine: sa.Engine, agency: str, positions: Sequence[int]) -> list[Held]:
    query = sa.select(held).where(held.c.agency == agency, held.c.position.in_(positions))
    with reading(engine) as connection:
        return [rows.held_of(row) for row in connection.execute(query)]


def _now(connection: sa.Connection, agency: str, positions: Sequence[int]) -> dict[int, _Now]:
    c = held.c
    query = sa.select(c.position, c.state, c.attempts, c.due_at).where(c.agency == agency, c.position.in_(positions))
    return {place: _Now(State(state), tried, due) for place, state, tried, due in connection.execute(query)}


def _asked_elsewhere(connection: sa.Connection, replay_id: str, todo: Sequence[Item]) -> set[int]:
    """Return those for which another replay has asked, and which have not come yet."""
    c = table.c
    ids = among(c.event_id, {item.event_id for item in todo})
    query = sa.select(c.position).where(
        ids, c.agency == todo[0].agency, c.replay != replay_id, c.state == ItemState.ASKED
    )
    return set(connection.scalars(query))
