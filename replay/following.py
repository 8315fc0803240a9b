"""What became of the deliveries that a replay has asked for. The delivery loop brings them; this only looks."""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.deliveries import State
from hub.deliveries.tables import held
from hub.replays import Item, ItemState, items
from hub.replays.tables import items as table

#: Looked at once; as many as may be on their way for one agency, or more.
_PAGE = 5000


class Standing(NamedTuple):
    """How a delivery stands that was asked for."""

    state: State
    attempts: int
    error_class: str | None
    #: The state of what it waits behind, if it waits.
    front: State | None


def what_became(asked: Item, now: Standing | None) -> tuple[ItemState, str | None] | None:
    """Return how a delivery has ended for its replay, with why; None while it is still on its way. Pure."""
    if now is None:
        return ItemState.SKIPPED, "gone"
    if now.state in (State.DELIVERED, State.RELEASED):
        return ItemState.DELIVERED, None
    if now.state is State.WITHHELD:
        return ItemState.SKIPPED, now.error_class
    if now.attempts > (asked.attempts or 0):  # also when a schedule tries it again by itself later
        return ItemState.FAILED, now.error_class
    if now.state is State.WAITING:  # its person has something else open before it, since two numbers became one person
        return None if now.front is State.DUE else (ItemState.SKIPPED, "behind")
    return None if now.state is State.DUE else (ItemState.SKIPPED, "taken_back")


def follow(connection: sa.Connection, replay_id: str, now: int) -> int:
    """Write down how those have ended that have; return how many."""
    after, ended = ("", 0), 0
    while page := _asked(connection, replay_id, after):
        changes = []
        for item, standing in page:
            became = what_became(item, standing)
            if became is not None:
                changes.append(items.ended(item, *became, now))
        items.settle(connection, replay_id, changes)
        ended += len(changes)
        after = (page[-1][0].agency, page[-1][0].position)
    return ended


def _asked(connection: sa.Connection, replay_id: str, after: tuple[str, int]) -> list[tuple[Item, Standing | None]]:
    c, front = table.c, held.alias()
    mine = sa.and_(held.c.agency == c.agency, held.c.position == c.position)
    before = sa.and_(front.c.agency == held.c.agency, front.c.position == held.c.behind)
    standing = (held.c.state, held.c.attempts, held.c.error_class, front.c.state)
    query = (
        sa.select(table, *(column.label(f"held_{n}") for n, column in enumerate(standing)))
        .outerjoin_from(table, held, mine)
        .outerjoin(front, before)
        .where(c.replay == replay_id, c.state == ItemState.ASKED, sa.tuple_(c.agency, c.position) > after)
        .order_by(c.agency, c.position)
        .limit(_PAGE)
    )
    return [(items.item_of(row), _standing(row)) for row in connection.execute(query)]


def _standing(row: sa.Row[Any]) -> Standing | None:
    if row.held_0 is None:
        return None
    front = None if row.held_3 is None else State(row.held_3)
    return Standing(State(row.held_0), row.held_1, row.held_2, front)
