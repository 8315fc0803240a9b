"""Where replays are kept: each step is one transaction, with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.database import reading
from hub.replays import items, rows
from hub.replays.freezing import freeze_with, same
from hub.replays.locked import change, found, locked
from hub.replays.replay import (
    Approval,
    Item,
    ItemState,
    NotNow,
    Plan,
    Replay,
    ReplayState,
)
from hub.replays.tables import approvals, replays
from hub.replays.tables import items as table

#: Milliseconds that whoever works on a replay has it for itself, from its last sign of life on.
LEASE: Final = 15_000


class Move(StrEnum):
    """What a person can do with a replay, besides planning and approving it."""

    STARTED = "started"
    PAUSED = "paused"
    RESUMED = "resumed"
    CANCELLED = "cancelled"


_MOVES: Final[Mapping[Move, tuple[Collection[ReplayState], ReplayState]]] = {
    Move.STARTED: ({ReplayState.APPROVED}, ReplayState.RUNNING),
    Move.PAUSED: ({ReplayState.RUNNING}, ReplayState.PAUSED),
    Move.RESUMED: ({ReplayState.PAUSED}, ReplayState.RUNNING),
    Move.CANCELLED: (
        {ReplayState.PLANNED, ReplayState.APPROVED, ReplayState.RUNNING, ReplayState.PAUSED},
        ReplayState.CANCELLED,
    ),
}


class Replays:
    """The replays in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine

    def add(self, plan: Plan) -> None:
        """Keep a plan."""
        detail = {
            "kind": plan.kind,
            "selection": rows.public(plan.selection),
            "deliveries": plan.estimate.get("deliveries"),
            "approvals_needed": plan.approvals_needed,
            "rate": plan.rate,
            "cap": plan.cap,
        }
        with self.engine.begin() as connection:
            connection.execute(sa.insert(replays), rows.row_of(plan))
            write_entry(connection, Entry(plan.at, plan.by, "replay.planned", plan.id, plan.reason, detail))

    def find(self, replay_id: str) -> Replay:
        """Return a replay with the counts of its deliveries. Raises `NoSuchReplay`."""
        with reading(self.engine) as connection:
            return found(connection, replay_id)

    def every(self, limit: int = 100, before: str | None = None, *, counted: bool = True) -> list[Replay]:
        """Return the replays, the newest first; `before` is the id of the last one of the page before.

        Unless `counted`, without the counts of their deliveries, which take a while where they are many.
        """
        query = sa.select(replays).order_by(replays.c.id.desc()).limit(limit)
        if before is not None:  # ids are time-ordered
            query = query.where(replays.c.id < before)
        with reading(self.engine) as connection:
            return [rows.replay_of(connection, row, counted=counted) for row in connection.execute(query).all()]

    def items(
        self,
        replay_id: str,
        states: Collection[ItemState] = tuple(ItemState),
        after: tuple[str, int] = ("", 0),
        limit: int = 1000,
    ) -> Sequence[Item]:
        """Return the next deliveries behind `after` = (agency, position) that are in one of the states."""
        with reading(self.engine) as connection:
            return items.page(connection, replay_id, states, after, limit)

    def approve(
        self,
        replay_id: str,
        approval: Approval,
        freeze: Callable[[sa.Connection, Plan], int],
        needed: Callable[[int], int],
    ) -> Replay:
        """Count a person's approval, once; with the one that is enough, freeze the selection.

        `freeze` writes what is selected now and returns how many; `needed` says how many persons that takes, the
        planner among them. Raises `NoSuchReplay`, `NotNow`, and `NeedsAnother`; then nothing was changed.
        """
        with self.engine.begin() as connection:
            row = locked(connection, replay_id)
            replay = rows.replay_of(connection, row)
            if replay.state not in (ReplayState.PLANNED, ReplayState.APPROVED):
                raise NotNow(f"it is {replay.state} already: there is nothing to approve any more")
            if same(approval.by) in {same(known.by) for known in replay.approvals}:
                return replay
            detail: dict[str, Any] = {"frozen": None}
            if replay.state is ReplayState.PLANNED:
                detail = freeze_with(connection, replay, approval, freeze, needed)
            connection.execute(sa.insert(approvals), rows.approval_row(replay_id, approval))
            write_entry(
                connection, Entry(approval.at, approval.by, "replay.approved", replay_id, approval.reason, detail)
            )
            return found(connection, replay_id)

    def move(self, replay_id: str, move: Move, by: str, reason: str, at: int) -> Replay:
        """Start, pause, resume or cancel. Raises `NoSuchReplay` and `NotNow`; then nothing was changed."""
        allowed, then = _MOVES[move]
        with self.engine.begin() as connection:
            row = locked(connection, replay_id)
            if row.state not in allowed:
                raise NotNow(f"it is {row.state}; only what is {' or '.join(sorted(allowed))} can be {move}")
            values: dict[str, Any] = {"state": then}
            if move is Move.STARTED:
                values["started_at"] = at
            if move is Move.CANCELLED:
                values |= {"ended_at": at, "ended_by": by}
                items.leave(connection, replay_id, "cancelled", at)
            change(connection, replay_id, values)
            counts = items.counts_of(connection, replay_id)
            detail = {"counts": items.as_text(counts)} if counts else {}
            write_entry(connection, Entry(at, by, f"replay.{move}", replay_id, reason, detail))
            return found(connection, replay_id)

    def unfinished(self) -> list[str]:
        """Return the replays that are running, or of which something that was asked for has no answer yet."""
        asked = sa.exists().where(table.c.replay == replays.c.id, table.c.state == ItemState.ASKED)
        ended = sa.and_(replays.c.state.in_((ReplayState.PAUSED, ReplayState.CANCELLED)), asked)
        query = sa.select(replays.c.id).where(sa.or_(replays.c.state == ReplayState.RUNNING, ended))
        with reading(self.engine) as connection:
            return list(connection.scalars(query.order_by(replays.c.id)))

    def claim(self, replay_id: str, runner: str, now: int) -> bool:
        """Have a replay for oneself for the time of a lease; False when another process has it.

        A lease that would end later than a lease can last is none: a clock has jumped.
        """
        c = replays.c
        free = sa.or_(c.runner.is_(None), c.runner == runner, c.lease_until <= now, c.lease_until > now + LEASE)
        change = sa.update(replays).where(c.id == replay_id, free).values(runner=runner, lease_until=now + LEASE)
        with self.engine.begin() as connection:
            return connection.execute(change).rowcount == 1

    def release(self, runner: str) -> None:
        """Give back all that a process has claimed."""
        change = sa.update(replays).where(replays.c.runner == runner).values(runner=None, lease_until=None)
        with self.engine.begin() as connection:
            connection.execute(change)
