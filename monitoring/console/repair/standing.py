"""What a page of a replay says: its state in words, what this visitor may do with it now, and what came of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hub.access import OPERATOR, Holder
from hub.replays import ItemState, Kind, Move, Replay, ReplayState
from hub.replays.freezing import same
from monitoring.words import Words, reason
from replay.approving import ACTING, Bar, bar_of

STATES: Final = {
    ReplayState.PLANNED: Words("chờ phê duyệt", "planned, to be approved"),
    ReplayState.APPROVED: Words("đã duyệt, chờ chạy", "approved, to be started"),
    ReplayState.RUNNING: Words("đang chạy", "running"),
    ReplayState.PAUSED: Words("tạm dừng", "paused"),
    ReplayState.DONE: Words("đã xong", "done"),
    ReplayState.CANCELLED: Words("đã hủy", "cancelled"),
}
ITEMS: Final = {
    ItemState.SELECTED: Words("chưa đến lượt", "not asked for yet"),
    ItemState.ASKED: Words("đang gửi", "on their way"),
    ItemState.DELIVERED: Words("đã giao", "delivered"),
    ItemState.FAILED: Words("lại không nhận", "not taken again"),
    ItemState.SKIPPED: Words("bỏ qua", "skipped"),
    ItemState.LEFT: Words("để lại", "left parked"),
}
#: What an ending means for refused events.
LET_IN: Final = {
    ItemState.DELIVERED: Words("đã nhận lại", "taken in again"),
    ItemState.FAILED: Words("lại bị từ chối", "refused again"),
    ItemState.LEFT: Words("để lại", "left as it is"),
}
#: The steps besides approving, as they stand in the URL, with what they need to be possible.
MOVES: Final = {
    "start": (Move.STARTED, (ReplayState.APPROVED,)),
    "pause": (Move.PAUSED, (ReplayState.RUNNING,)),
    "resume": (Move.RESUMED, (ReplayState.PAUSED,)),
    "cancel": (
        Move.CANCELLED,
        (ReplayState.PLANNED, ReplayState.APPROVED, ReplayState.RUNNING, ReplayState.PAUSED),
    ),
}
#: Which state a step leads to.
LEADS_TO: Final = {
    "start": ReplayState.RUNNING,
    "pause": ReplayState.PAUSED,
    "resume": ReplayState.RUNNING,
    "cancel": ReplayState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the report: so many deliveries are in a state, for this reason."""

    state: ItemState
    words: Words
    why: str | None
    why_words: Words | None
    count: int


class Approvals(NamedTuple):
    """Who has approved, who may, and why this visitor may not."""

    #: Persons who must stand behind it, the planner among them.
    needed: int
    #: Persons who stand behind it now, the planner among them.
    behind: int
    bar: Bar | None
    #: Why this visitor may not, and who may; None: this visitor may.
    words: Words | None


def report(replay: Replay) -> Sequence[Line]:
    """Return what became of the deliveries, in the order in which they go."""
    names = ITEMS | (LET_IN if replay.plan.kind is Kind.REFUSED else {})
    order = list(ItemState)
    counted = sorted(replay.counts.items(), key=lambda one: (order.index(one[0][0]), -one[1], one[0][1] or ""))
    return [
        Line(state, names[state], why, reason(why) if why else None, count) for (state, why), count in counted if count
    ]


def approvals(replay: Replay, holder: Holder) -> Approvals:
    """Say whether a visitor may approve a replay now, and if not, why and who may."""
    behind = {same(replay.plan.by), *(same(one.by) for one in replay.approvals)}
    bar = bar_of(replay, holder)
    return Approvals(replay.plan.approvals_needed, len(behind), bar, None if bar is None else _why(bar, replay))


def moves(replay: Replay, role: str) -> Sequence[str]:
    """Return the steps that somebody of a role can take now."""
    if role not in ACTING:
        return []
    return [name for name, (_, states) in MOVES.items() if replay.state in states]


def holder_of(name: str, role: str) -> Holder:
    """Return a visitor as the desk's rules know one."""
    return Holder(OPERATOR, name, role)


def skipped(estimate: Mapping[str, int]) -> Iterator[tuple[str, Words, int]]:
    """Yield code, words and count of what will be skipped, the most frequent first."""
    for code, count in sorted(estimate.items(), key=lambda one: (-one[1], one[0])):
        yield code, reason(code), count


def _why(bar: Bar, replay: Replay) -> Words:
    by = replay.plan.by
    match bar:
        case Bar.ROLE:
            return Words(
                "Vai trò của bạn chỉ được xem. Người có vai trò operator hoặc approver phê duyệt.",
                "Your role may only look. Somebody with the role operator or approver approves.",
            )
        case Bar.NOT_APPROVER:
            return Words(
                f"Kế hoạch này do {by} lập. Kế hoạch của người khác chỉ người có vai trò approver được phê duyệt.",
                f"{by} has planned this. What others planned is approved by those with the role approver.",
            )
        case Bar.NEEDS_ANOTHER:
            return Words(
                "Bạn đã lập kế hoạch này. Với số lượng lớn như vậy, người khác có vai trò approver phải phê duyệt.",
                "You have planned this. As it is large, another person with the role approver must approve it.",
            )
        case Bar.APPROVED_ALREADY:
            return Words(
                "Bạn đã phê duyệt; mỗi người chỉ tính một lần.", "You have approved it; each person counts once."
            )
        case Bar.PAST:
            return Words("Không còn gì để phê duyệt.", "There is nothing to approve any more.")
