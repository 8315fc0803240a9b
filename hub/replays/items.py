"""The deliveries of a replay: frozen, asked for, and what became of each. Functions on an open transaction."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hub.deliveries.tables import held
from hub.replays.replay import Item, ItemState
from hub.replays.tables import items as table


def freeze_held(connection: sa.Connection, replay_id: str, chosen: sa.ColumnElement[bool]) -> int:
    """Write down every held delivery that a condition chooses, in one statement; return how many."""
    found = sa.select(
        sa.literal(replay_id), held.c.agency, held.c.position, held.c.event_id, sa.literal(ItemState.SELECTED.value)
    ).where(chosen)
    columns = ["replay", "agency", "position", "event_id", "state"]
    connection.execute(sa.insert(table).from_select(columns, found))  # its rowcount is not told on every database
    return sum(counts_of(connection, replay_id).values())


def freeze_places(connection: sa.Connection, replay_id: str, places: Sequence[tuple[int, str]]) -> None:
    """Write down refused events by (position in the topic `refused`, event id)."""
    rows = [
        {"replay": replay_id, "agency": "", "position": position, "event_id": event_id, "state": ItemState.SELECTED}
        for position, event_id in places
    ]
    if rows:
        connection.execute(sa.insert(table), rows)


def page(
    connection: sa.Connection,
    replay_id: str,
    states: Collection[ItemState],
    after: tuple[str, int] = ("", 0),
    limit: int = 1000,
) -> list[Item]:
    """Return the next ones behind `after` = (agency, position) that are in one of the states."""
    c = table.c
    behind = sa.tuple_(c.agency, c.position) > after
    query = sa.select(table).where(c.replay == replay_id, c.state.in_(states), behind)
    return [item_of(row) for row in connection.execute(query.order_by(c.agency, c.position).limit(limit))]


def next_of(connection: sa.Connection, replay_id: str, agency: str, limit: int) -> list[Item]:
    """Return the next ones of an agency that were not asked for yet, in the order of its feed."""
    c = table.c
    mine = sa.and_(c.replay == replay_id, c.state == ItemState.SELECTED, c.agency == agency)
    return [item_of(row) for row in connection.execute(sa.select(table).where(mine).order_by(c.position).limit(limit))]


def agencies_left(connection: sa.Connection, replay_id: str) -> list[str]:
    """Return the agencies with something that was not asked for yet; a look into the index for each."""
    c, found = table.c, list[str]()
    while True:
        mine = sa.and_(c.replay == replay_id, c.state == ItemState.SELECTED)
        behind = c.agency > found[-1] if found else sa.true()
        agency = connection.scalar(sa.select(c.agency).where(mine, behind).order_by(c.agency).limit(1))
        if agency is None:
            return found
        found.append(agency)


def on_their_way(connection: sa.Connection, replay_id: str) -> dict[str, int]:
    """Return for each agency how many were asked for and have not ended."""
    c = table.c
    mine = sa.and_(c.replay == replay_id, c.state == ItemState.ASKED)
    query = sa.select(c.agency, sa.func.count()).where(mine).group_by(c.agency)
    counts: dict[str, int] = dict(connection.execute(query).all())
    return counts


def any_open(connection: sa.Connection, replay_id: str) -> bool:
    """Say whether any has not ended yet."""
    c = table.c
    mine = sa.and_(c.replay == replay_id, c.state.in_((ItemState.SELECTED, ItemState.ASKED)))
    return connection.execute(sa.select(c.position).where(mine).limit(1)).first() is not None


def counts_of(connection: sa.Connection, replay_id: str) -> dict[tuple[ItemState, str | None], int]:
    """Return how many are in which state, with why where there is a reason."""
    c = table.c
    query = sa.select(c.state, c.why, sa.func.count()).where(c.replay == replay_id).group_by(c.state, c.why)
    return {(ItemState(state), why): count for state, why, count in connection.execute(query)}


def as_text(counts: Mapping[tuple[ItemState, str | None], int]) -> dict[str, int]:
    """Return counts with one name each, such as `skipped:no_consent`."""
    return {f"{state}:{why}" if why else str(state): count for (state, why), count in sorted(counts.items(), key=str)}


def asked(connection: sa.Connection, replay_id: str) -> int:
    """Return how many were asked for, whatever became of them."""
    mine = sa.and_(table.c.replay == replay_id, table.c.asked_at.is_not(None))
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(mine)).scalar_one()


def leave(connection: sa.Connection, replay_id: str, why: str, at: int) -> int:
    """Leave parked whatever was not asked for yet; return how many."""
    mine = sa.and_(table.c.replay == replay_id, table.c.state == ItemState.SELECTED)
    return connection.execute(sa.update(table).where(mine).values(state=ItemState.LEFT, why=why, ended_at=at)).rowcount


def settle(connection: sa.Connection, replay_id: str, changes: Sequence[Mapping[str, Any]]) -> None:
    """Write what became of some: each names `in_agency`, `place`, `new_state`, `new_why`, `new_end`."""
    if not changes:
        return
    c = table.c
    mine = sa.and_(c.replay == replay_id, c.agency == sa.bindparam("in_agency"), c.position == sa.bindparam("place"))
    values: dict[str, Any] = {
        "state": sa.bindparam("new_state"),
        "why": sa.bindparam("new_why"),
        "ended_at": sa.bindparam("new_end"),
    }
    connection.execute(sa.update(table).where(mine).values(values), list(changes))


def ended(item: Item, state: ItemState, why: str | None, at: int) -> dict[str, Any]:
    """Return the change with which one ends."""
    return {"in_agency": item.agency, "place": item.position, "new_state": state, "new_why": why, "new_end": at}


def note_asked(connection: sa.Connection, replay_id: str, agency: str, attempts: Mapping[int, int], at: int) -> None:
    """Write down that these were asked for now: position → how often it had been tried before."""
    if not attempts:
        return
    c = table.c
    mine = sa.and_(c.replay == replay_id, c.agency == agency, c.position == sa.bindparam("place"))
    values: dict[str, Any] = {"state": ItemState.ASKED, "asked_at": at, "attempts": sa.bindparam("tried")}
    rows = [{"place": place, "tried": tried} for place, tried in attempts.items()]
    connection.execute(sa.update(table).where(mine).values(values), rows)


def item_of(row: sa.Row[Any]) -> Item:
    """Return what a row says, whatever other columns are behind it."""
    return Item(
        row.replay,
        row.agency,
        row.position,
        row.event_id,
        ItemState(row.state),
        row.why,
        row.attempts,
        row.asked_at,
        row.ended_at,
    )
