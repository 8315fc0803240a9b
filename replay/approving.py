"""Who may approve a replay, and why somebody else may not. Pure: the same over HTTP and on a screen."""

from __future__ import annotations

from enum import StrEnum

from hub.access import Holder
from hub.replays import Replay, ReplayState
from hub.replays.freezing import same

#: The role that may approve what others have planned.
APPROVER = "approver"
#: The roles that may take steps at all.
ACTING = ("operator", APPROVER)


class Bar(StrEnum):
    """Why somebody may not approve a replay."""

    #: The role only looks.
    ROLE = "role"
    #: Another one has planned it, and the role does not approve what others plan.
    NOT_APPROVER = "not_approver"
    #: It takes another person than its planner.
    NEEDS_ANOTHER = "needs_another"
    APPROVED_ALREADY = "approved_already"
    #: It is past that: running, paused, done or cancelled.
    PAST = "past"


def bar_of(replay: Replay, holder: Holder) -> Bar | None:
    """Return why somebody may not approve a replay as it stands, or None. Whoever may act on it is told by the role.

    A selection that has grown since may still take a second person: that is known only when it is frozen.
    """
    if holder.role not in ACTING:
        return Bar.ROLE
    if replay.state not in (ReplayState.PLANNED, ReplayState.APPROVED):
        return Bar.PAST
    planner = same(holder.name) == same(replay.plan.by)
    if not_for_others(replay.plan.by, holder):
        return Bar.NOT_APPROVER
    if same(holder.name) in {same(one.by) for one in replay.approvals}:
        return Bar.APPROVED_ALREADY
    others = {same(one.by) for one in replay.approvals} - {same(replay.plan.by)}
    return Bar.NEEDS_ANOTHER if planner and replay.plan.approvals_needed > 1 + len(others) else None


def not_for_others(planned_by: str, holder: Holder) -> bool:
    """Say whether somebody may not approve this because another one has planned it."""
    return holder.role != APPROVER and holder.name != planned_by
