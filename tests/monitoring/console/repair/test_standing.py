"""What a visitor may do with a replay, and why not."""

from __future__ import annotations

import pytest

from hub.replays import Approval, ItemState, Kind, Plan, Replay, ReplayState
from monitoring.console.repair.standing import approvals, holder_of, moves, report
from replay.approving import Bar


def _replay(state: ReplayState = ReplayState.PLANNED, needed: int = 1, *approved: str) -> Replay:
    plan = Plan("1", Kind.DELIVERIES, {}, {}, "why", "lan", 0, needed)
    return Replay(plan, state, [Approval(one, 1, "looked") for one in approved])


@pytest.mark.parametrize(
    ("replay", "name", "role", "bar"),
    [
        (_replay(), "lan", "operator", None),
        (_replay(), "LAN", "operator", Bar.NOT_APPROVER),
        (_replay(), "vy", "operator", Bar.NOT_APPROVER),
        (_replay(), "minh", "approver", None),
        (_replay(), "lan", "viewer", Bar.ROLE),
        (_replay(), "thu", "auditor", Bar.ROLE),
        (_replay(needed=2), "lan", "operator", Bar.NEEDS_ANOTHER),
        (_replay(needed=2), "lan", "approver", Bar.NEEDS_ANOTHER),
        (_replay(needed=2), "Lan", "approver", Bar.NEEDS_ANOTHER),
        (_replay(needed=2), "minh", "approver", None),
        (_replay(ReplayState.APPROVED, 2, "minh"), "minh", "approver", Bar.APPROVED_ALREADY),
        (_replay(ReplayState.APPROVED, 2, "minh"), "hoa", "approver", None),
        (_replay(ReplayState.RUNNING), "minh", "approver", Bar.PAST),
    ],
)
def test_who_may_approve(replay: Replay, name: str, role: str, bar: Bar | None) -> None:
    found = approvals(replay, holder_of(name, role))
    assert found.bar is bar
    assert (found.words is None) == (bar is None)


def test_only_steps_that_are_possible_are_offered() -> None:
    offered = {state: moves(_replay(state), "operator") for state in ReplayState}
    assert offered == {
        ReplayState.PLANNED: ["cancel"],
        ReplayState.APPROVED: ["start", "cancel"],
        ReplayState.RUNNING: ["pause", "cancel"],
        ReplayState.PAUSED: ["resume", "cancel"],
        ReplayState.DONE: [],
        ReplayState.CANCELLED: [],
    }
    assert moves(_replay(ReplayState.RUNNING), "viewer") == []


def test_the_report_tells_each_ending_with_its_reason_in_words() -> None:
    counts = {(ItemState.SKIPPED, "no_consent"): 2, (ItemState.SKIPPED, "gone"): 5, (ItemState.DELIVERED, None): 1}
    replay = Replay(_replay().plan, ReplayState.DONE, counts=counts)
    lines = report(replay)
    assert [(line.state, line.why, line.count) for line in lines] == [
        (ItemState.DELIVERED, None, 1),
        (ItemState.SKIPPED, "gone", 5),
        (ItemState.SKIPPED, "no_consent", 2),
    ]
    assert lines[2].why_words is not None
    assert lines[2].why_words.vi == "chưa có sự đồng ý"
