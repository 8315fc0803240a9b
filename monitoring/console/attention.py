"""What somebody has to do now, the worst first: the same facts as `dancu status` tells, each with where to do it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from hub.edge.alerts import Kind
from monitoring.connections import Connection, State
from monitoring.console import places
from monitoring.console.outlook import Outlook
from monitoring.counters import ALERTS
from monitoring.status import Status
from monitoring.words import Words, reason

#: Alerts that tell of a card in wrong hands, or of a device that nobody should trust.
_GRAVE: Final = frozenset({Kind.DECEASED, Kind.LOST, Kind.REGRESSION, Kind.BROKEN, Kind.REPLAY})


#: So many of a kind are named.
_SHOWN: Final = 4
#: What the kinds are called together, and where all of a kind are.
_KINDS: Final = {
    "failing": Words("không phản hồi", "do not answer"),
    "suspended": Words("tạm ngừng", "suspended"),
    "parked": Words("có sự kiện bị giữ", "with events parked"),
    "silent": Words("im lặng", "silent"),
    "pending": Words("có sự kiện chưa giao", "with events pending"),
    "edge": Words("cảnh báo từ điểm đọc thẻ", "alerts of counters"),
    "late": Words("hồ sơ trễ hạn", "late cases"),
    "silent_feed": Words("nguồn im lặng", "quiet feeds"),
}
_LISTS: Final = {
    "failing": "/connections?state=failing",
    "suspended": "/connections?state=suspended",
    "parked": "/connections?sort=-parked",
    "silent": "/connections?state=silent",
    "pending": "/connections?sort=-pending",
    "edge": "/edge",
    "late": "/procedures",
    "silent_feed": "/connections",
}


@dataclass(frozen=True, slots=True)
class Concern:
    """Something that needs attention."""

    #: A stable name of the kind, for tests and styles.
    kind: str
    #: `bad` or `warn`.
    tone: str
    text: Words
    #: Where it is looked at and repaired.
    href: str
    #: Since when, in ms since 1970 UTC.
    since: int | None = None
    #: The agency, if it is about one.
    agency: str | None = None
    #: How many, if it is about several.
    count: int | None = None
    #: More to say, in whatever language it came.
    detail: str = ""


def concerns_of(status: Status, connections: Sequence[Connection], outlook: Outlook) -> Sequence[Concern]:
    """Return what a hub's state asks for. Pure."""
    found = [*_contacts(connections), *_parked(connections), *_pending(connections), *_elsewhere(outlook)]
    if status.undecided:
        text = Words("sự kiện chờ xử lý: “dancu run” có đang chạy?", "events wait to be decided: does “dancu run” run?")
        found.append(Concern("undecided", "warn", text, places.PREFIX, count=status.undecided))
    return sorted(found, key=lambda one: one.tone != "bad")


def shortened(found: Sequence[Concern]) -> Sequence[Concern]:
    """Return the same with at most some of each kind, and of a kind with more how many more there are. Pure."""
    shown: list[Concern] = []
    for (kind, tone), group in groupby(found, key=lambda one: (one.kind, one.tone)):
        each = list(group)
        more = len(each) - _SHOWN
        shown += each if more <= 1 else each[:_SHOWN]
        if more > 1:
            text = Words(f"nữa như vậy: {_KINDS[kind].vi}", f"more like this: {_KINDS[kind].en}")
            shown.append(Concern(kind, tone, text, places.PREFIX + _LISTS[kind], count=more))
    return shown


def _elsewhere(outlook: Outlook) -> Iterator[Concern]:
    if outlook.audit.intact is False:
        text = Words(
            "nhật ký vận hành đã bị sửa: chạy “dancu audit verify”", "the audit trail was changed: “dancu audit verify”"
        )
        yield Concern("audit", "bad", text, f"{places.PREFIX}/audit")
    for kind, count in outlook.alerts.items():
        said = ALERTS.get(Kind(kind)) or reason(kind)
        text = Words(f"cảnh báo từ điểm đọc thẻ: {said.vi}", f"alerts of counters: {said.en}")
        tone = "bad" if kind in _GRAVE else "warn"
        yield Concern("edge", tone, text, f"{places.PREFIX}/edge", count=count)
    for title, count in outlook.late:
        text = Words(f"hồ sơ liên thông trễ hạn: {title.vi}", f"late cases of linked procedures: {title.en}")
        yield Concern("late", "warn", text, f"{places.PREFIX}/procedures", count=count)
    for one in outlook.silent:
        text = Words(f"nguồn im lặng bất thường: {one.feed}", f"a feed is quiet that should speak: {one.feed}")
        yield Concern("silent_feed", "warn", text, f"{places.PREFIX}/connections", one.last_at)


def _contacts(connections: Sequence[Connection]) -> Iterator[Concern]:
    for one in sorted(connections, key=lambda one: one.state):
        agency, href = one.party.agency, places.agency(one.party.agency)
        if one.state is State.FAILING:
            text = Words("không phản hồi", "does not answer")
            yield Concern("failing", "bad", text, href, one.last_contact, agency, detail=one.reason or "")
        elif one.state is State.SUSPENDED:
            text = Words("đang tạm ngừng; mở lại khi sửa xong", "is suspended; resume it when it is repaired")
            yield Concern("suspended", "bad", text, href, None, agency, detail=one.reason or "")
        elif one.state is State.SILENT:
            text = Words("im lặng lâu hơn bình thường", "is silent for longer than is usual")
            yield Concern("silent", "warn", text, href, one.last_contact, agency)


def _parked(connections: Sequence[Connection]) -> Iterator[Concern]:
    parked = [one for one in connections if one.parked]
    for one in sorted(parked, key=lambda one: -one.parked):
        text = Words("sự kiện bị giữ: xem nguyên nhân rồi gửi lại", "events parked: see why, then send them again")
        href = f"{places.PREFIX}/failures?agency={one.party.agency}"
        yield Concern("parked", "bad", text, href, one.oldest_undelivered, one.party.agency, one.parked)


def _pending(connections: Sequence[Connection]) -> Iterator[Concern]:
    pending = [one for one in connections if one.pending]
    for one in sorted(pending, key=lambda one: -one.pending):
        text = Words("sự kiện chưa giao", "events pending")
        href = places.agency(one.party.agency)
        yield Concern("pending", "warn", text, href, one.oldest_undelivered, one.party.agency, one.pending)
