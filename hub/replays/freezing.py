"""The approval that is enough freezes what is selected. Functions on an open transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from hub.replays.locked import change
from hub.replays.replay import Approval, NeedsAnother, Plan, Replay, ReplayState


def freeze_with(
    connection: sa.Connection,
    replay: Replay,
    approval: Approval,
    freeze: Callable[[sa.Connection, Plan], int],
    needed: Callable[[int], int],
) -> dict[str, Any]:
    """Freeze, and return what the audit trail says. Raises `NeedsAnother` when too few persons stand behind it."""
    count = freeze(connection, replay.plan)
    persons = max(replay.plan.approvals_needed, needed(count))
    behind = {same(replay.plan.by), same(approval.by), *(same(known.by) for known in replay.approvals)}
    if len(behind) < persons:
        raise NeedsAnother(
            f"{count:,} are selected: another person than {replay.plan.by}, who planned it, must approve"
        )
    values = {"state": ReplayState.APPROVED, "frozen_at": approval.at, "approvals_needed": persons}
    change(connection, replay.id, values)
    return {"frozen": count, "approvals_needed": persons}


def same(name: str) -> str:
    """Two ways to write one name don't make two persons."""
    return " ".join(name.casefold().split())
