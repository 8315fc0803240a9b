"""How a replay is shown to people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.markup import escape

from deploy.cli.shell import screen
from monitoring.words import Words, reason

_STATES = {
    "planned": Words("chờ phê duyệt", "planned, to be approved"),
    "approved": Words("đã duyệt", "approved, to be run"),
    "running": Words("đang chạy", "running"),
    "paused": Words("tạm dừng", "paused"),
    "done": Words("xong", "done"),
    "cancelled": Words("đã hủy", "cancelled"),
}
_ITEMS = {
    "selected": Words("chưa đến lượt", "not asked for yet"),
    "asked": Words("đang gửi", "on their way"),
    "delivered": Words("đã giao", "delivered"),
    "failed": Words("lại không nhận", "not taken again"),
    "skipped": Words("bỏ qua", "skipped"),
    "left": Words("để lại", "left parked"),
}


def replay_lines(found: dict[str, Any]) -> Iterator[str]:
    """Say what stands in the JSON of a replay."""
    yield f"[bold]{found['id']}[/] · {_STATES[found['state']]}"
    yield f"  {escape(found['reason'])} · {escape(found['planned_by'])} · {found['planned_at']}"
    for one in found["approvals"]:
        yield f"  duyệt / approved: {escape(one['by'])}: {escape(one['reason'])}"
    estimate, progress = found["estimate"], found["progress"]
    if not found["frozen_at"]:
        yield from _estimate(estimate)
        if found["approvals_needed"] > 1 and not found["approvals"]:
            yield f"  cần người thứ hai / another person must approve: dancu replay approve {found['id']}"
        return
    yield f"  {progress['deliveries']:,} lượt giao / deliveries"
    for state, words in _ITEMS.items():
        if progress[state]:
            why = ", ".join(f"{reason(code)} {count:,}" for code, count in progress.get(f"{state}_why", {}).items())
            yield f"  {words}: {progress[state]:,}" + (f" ({escape(why)})" if why else "")


def _estimate(estimate: dict[str, Any]) -> Iterator[str]:
    yield f"  {estimate['deliveries']:,} được chọn / selected · {estimate['will_be_sent']:,} sẽ gửi / would be sent"
    for name, one in estimate["agencies"].items():
        off = " · đang tạm ngừng / suspended" if one["suspended"] else ""
        yield f"  {name}: {one['deliveries']:,} · cũ nhất / oldest {one['oldest']}{off}"
    for why, count in estimate["skipped"].items():
        yield f"  bỏ qua / skipped: {reason(why)}: {count:,}"


def say(text: str) -> None:
    """Say something beside the answer."""
    screen.print(text, markup=False, soft_wrap=True)
