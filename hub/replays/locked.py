"""A replay that is held until the transaction ends: whoever else wants to change it waits meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.replays import items, rows
from hub.replays.replay import NoSuchReplay, Replay, ReplayState
from hub.replays.tables import replays


def running(connection: sa.Connection, replay_id: str, runner: str) -> bool:
    """Hold a replay until the transaction ends; say whether it still runs and is still ours."""
    row = locked(connection, replay_id)
    return bool(row.state == ReplayState.RUNNING and row.runner == runner)


def finish(connection: sa.Connection, replay_id: str, by: str, at: int) -> bool:
    """End a running replay in which nothing is left to do; say whether it is so."""
    row = locked(connection, replay_id)
    if row.state != ReplayState.RUNNING or items.any_open(connection, replay_id):
        return False
    counts = items.counts_of(connection, replay_id)
    change(connection, replay_id, {"state": ReplayState.DONE, "ended_at": at, "ended_by": by})
    detail = {"counts": items.as_text(counts)}
    write_entry(connection, Entry(at, by, "replay.done", replay_id, None, detail))
    return True


def locked(connection: sa.Connection, replay_id: str) -> sa.Row[Any]:
    """Return the row of a replay, held. Raises `NoSuchReplay`."""
    row = connection.execute(sa.select(replays).where(replays.c.id == replay_id).with_for_update()).one_or_none()
    if row is None:
        raise NoSuchReplay(f"{replay_id}: no such replay")
    return row


def found(connection: sa.Connection, replay_id: str) -> Replay:
    """Return a replay with the counts of its deliveries. Raises `NoSuchReplay`."""
    row = connection.execute(sa.select(replays).where(replays.c.id == replay_id)).one_or_none()
    if row is None:
        raise NoSuchReplay(f"{replay_id}: no such replay")
    return rows.replay_of(connection, row)


def change(connection: sa.Connection, replay_id: str, values: Mapping[str, Any]) -> None:
    """Write what is different now."""
    update = sa.update(replays).where(replays.c.id == replay_id)
    connection.execute(update.values({**values, "version": replays.c.version + 1}))
