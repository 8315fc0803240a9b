"""Where replays are kept: each step is one transaction, with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.database import reading
from hub.replays import items, rows
from hub.replays.replay import (
    Approval,
    Item,
    ItemState,
    NeedsAnother,
    NoSuchReplay,
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
            return _found(connection, replay_id)

    def every(self, limit: int = 100, before: str | None = None) -> list[Replay]:
        """Return the replays, the newest first; `before` is the id of the last one of the page before."""
        query = sa.select(replays).order_by(replays.c.id.desc()).limit(limit)
        if before is not None:  # ids are time-ordered
            query = query.where(replays.c.id < before)
        with reading(self.engine) as connection:
            return [rows.replay_of(connection, row) for row in connection.execute(query).all()]

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
            row = _locked(connection, replay_id)
            replay = rows.replay_of(connection, row)
            if replay.state not in (ReplayState.PLANNED, ReplayState.APPROVED):
                raise NotNow(f"it is {replay.state} already: there is nothing to approve any more")
            if _same(approval.by) in {_same(known.by) for known in replay.approvals}:
                return replay
            detail: dict[str, Any] = {"frozen": None}
            if replay.state is ReplayState.PLANNED:
                detail = _freeze(connection, replay, approval, freeze, needed)
            connection.execute(sa.insert(approvals), rows.approval_row(replay_id, approval))
            write_entry(
                connection, Entry(approval.at, approval.by, "replay.approved", replay_id, approval.reason, detail)
            )
            return _found(connection, replay_id)

    def move(self, replay_id: str, move: Move, by: str, reason: str, at: int) -> Replay:
        """Start, pause, resume or cancel. Raises `NoSuchReplay` and `NotNow`; then nothing was changed."""
        allowed, then = _MOVES[move]
        with self.engine.begin() as connection:
            row = _locked(connection, replay_id)
            if row.state not in allowed:
                raise NotNow(f"it is {row.state}; only what is {' or '.join(sorted(allowed))} can be {move}")
            values: dict[str, Any] = {"state": then}
            if move is Move.STARTED:
                values["started_at"] = at
            if move is Move.CANCELLED:
                values |= {"ended_at": at, "ended_by": by}
                items.leave(connection, replay_id, "cancelled", at)
            _change(connection, replay_id, values)
            counts = items.counts_of(connection, replay_id)
            detail = {"counts": items.as_text(counts)} if counts else {}
            write_entry(connection, Entry(at, by, f"replay.{move}", replay_id, reason, detail))
            return _found(connection, replay_id)

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


def running(connection: sa.Connection, replay_id: str, runner: str) -> bool:
    """Hold a replay until the transaction ends; say whether it still runs and is still ours."""
    row = _locked(connection, replay_id)
    return bool(row.state == ReplayState.RUNNING and row.runner == runner)


def finish(connection: sa.Connection, replay_id: str, by: str, at: int) -> bool:
    """End a running replay in which nothing is left to do; say whether it is so."""
    row = _locked(connection, replay_id)
    if row.state != ReplayState.RUNNING or items.any_open(connection, replay_id):
        return False
    counts = items.counts_of(connection, replay_id)
    _change(connection, replay_id, {"state": ReplayState.DONE, "ended_at": at, "ended_by": by})
    detail = {"counts": items.as_text(counts)}
    write_entry(connection, Entry(at, by, "replay.done", replay_id, None, detail))
    return True


def _freeze(
    connection: sa.Connection,
    replay: Replay,
    approval: Approval,
    freeze: Callable[[sa.Connection, Plan], int],
    needed: Callable[[int], int],
) -> dict[str, Any]:
    count = freeze(connection, replay.plan)
    persons = max(replay.plan.approvals_needed, needed(count))
    behind = {_same(replay.plan.by), _same(approval.by), *(_same(known.by) for known in replay.approvals)}
    if len(behind) < persons:
        raise NeedsAnother(
            f"{count:,} are selected: another person than {replay.plan.by}, who planned it, must approve"
        )
    values = {"state": ReplayState.APPROVED, "frozen_at": approval.at, "approvals_needed": persons}
    _change(connection, replay.id, values)
    return {"frozen": count, "approvals_needed": persons}


def _same(name: str) -> str:
    """Two ways to write one name don't make two persons."""
    return " ".join(name.casefold().split())


def _locked(connection: sa.Connection, replay_id: str) -> sa.Row[Any]:
    row = connection.execute(sa.select(replays).where(replays.c.id == replay_id).with_for_update()).one_or_none()
    if row is None:
        raise NoSuchReplay(f"{replay_id}: no such replay")
    return row


def _found(connection: sa.Connection, replay_id: str) -> Replay:
    row = connection.execute(sa.select(replays).where(replays.c.id == replay_id)).one_or_none()
    if row is None:
        raise NoSuchReplay(f"{replay_id}: no such replay")
    return rows.replay_of(connection, row)


def _change(connection: sa.Connection, replay_id: str, values: Mapping[str, Any]) -> None:
    change = sa.update(replays).where(replays.c.id == replay_id)
    connection.execute(change.values({**values, "version": replays.c.version + 1}))
