"""Between the nouns of replays and the rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson
import sqlalchemy as sa

from hub.discretion import masked
from hub.replays import items
from hub.replays.replay import Approval, Kind, Plan, Replay, ReplayState
from hub.replays.tables import approvals


def row_of(plan: Plan) -> dict[str, Any]:
    """Return the row of a replay that was only planned so far."""
    return {
        "id": plan.id,
        "kind": plan.kind,
        "state": ReplayState.PLANNED,
        "selection": orjson.dumps(dict(plan.selection)).decode(),
        "estimate": orjson.dumps(dict(plan.estimate)).decode(),
        "reason": plan.reason,
        "planned_by": plan.by,
        "planned_at": plan.at,
        "approvals_needed": plan.approvals_needed,
        "rate": plan.rate,
        "cap": plan.cap,
        "version": 1,
    }


def approval_row(replay_id: str, approval: Approval) -> dict[str, Any]:
    """Return the row of an approval."""
    return {"replay": replay_id, **asdict(approval)}


def replay_of(connection: sa.Connection, row: sa.Row[Any], *, counted: bool = True) -> Replay:
    """Return what a row says, with its approvals and, if `counted`, the counts of its deliveries."""
    plan = Plan(
        row.id,
        Kind(row.kind),
        orjson.loads(row.selection),
        orjson.loads(row.estimate),
        row.reason,
        row.planned_by,
        row.planned_at,
        row.approvals_needed,
        row.rate,
        row.cap,
    )
    query = sa.select(approvals).where(approvals.c.replay == row.id).order_by(approvals.c.at, approvals.c.by)
    given = [Approval(one.by, one.at, one.reason) for one in connection.execute(query)]
    counts = items.counts_of(connection, row.id) if counted else {}
    times = (row.frozen_at, row.started_at, row.ended_at, row.ended_by)
    return Replay(plan, ReplayState(row.state), given, *times, counts)


def public(selection: Mapping[str, Any]) -> dict[str, Any]:
    """Return a selection in which every personal number is masked."""
    shown = dict(selection)
    if shown.get("persons"):
        shown["persons"] = [masked(number) for number in shown["persons"]]
    return shown
