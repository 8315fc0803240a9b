"""Judges every feed of the hub: all sources, and the outboxes of all agencies."""

from __future__ import annotations

import threading
from collections import OrderedDict, defaultdict
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final, NamedTuple

from hub.activity import Activity, Kind, Known
from hub.eventlog import LogBrowser, partition_of, start_of
from hub.topics import PIPELINE, RECEIVED
from monitoring.silence.calendar import begin_of, day_of
from monitoring.silence.habit import WINDOW, Habit, learn
from monitoring.silence.verdict import LEAST_DAYS, Silence, never, verdict

#: What a feed is called, by what is counted of it.
PREFIXES: Final[Mapping[Kind, str]] = {Kind.SOURCE: "source:", Kind.PUBLISHED: "agency:"}
#: Milliseconds that an event may wait to be decided about before the pipeline counts as behind.
BEHIND: Final = 5 * 60_000
#: So many habits are kept; so many feeds are learnt about at a time, which bounds the memory.
_KEPT: Final = 5000
_AT_ONCE: Final = 50


class _Span(NamedTuple):
    """The days that something is learnt from: [since, until), days since 1970."""

    since: int
    until: int


class Habits:
    """Remembers what was learnt. Each feed is learnt about anew on the first day on which it speaks again."""

    def __init__(self, kept: int = _KEPT) -> None:
        """Keep so many."""
        self._kept = kept
        self._learnt: OrderedDict[tuple[Kind, str], tuple[_Span, Habit | None]] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, activity: Activity, kind: Kind, feeds: Sequence[Known]) -> Mapping[str, Habit | None]:
        """Return the habit of each feed; None where its past is too short."""
        found: dict[str, Habit | None] = {}
        missing: dict[_Span, list[str]] = defaultdict(list)
        with self._lock:
            for feed in feeds:
                span = _span(feed)
                before = self._learnt.get((kind, feed.name))
                if before is not None and before[0] == span:
                    self._learnt.move_to_end((kind, feed.name))
                    found[feed.name] = before[1]
                else:
                    missing[span].append(feed.name)
            for span, names in missing.items():
                for begin in range(0, len(names), _AT_ONCE):
                    found |= self._learn(activity, kind, span, names[begin : begin + _AT_ONCE])
        return found

    def _learn(self, activity: Activity, kind: Kind, span: _Span, names: Sequence[str]) -> dict[str, Habit | None]:
        learnt: dict[str, Habit | None] = dict.fromkeys(names)
        if span.until - span.since >= LEAST_DAYS:
            hours = activity.hours(kind, names, begin_of(span.since), begin_of(span.until))
            learnt = {name: learn(hours.get(name, ()), *span) for name in names}
        for name, habit in learnt.items():
            self._learnt[kind, name] = span, habit
        while len(self._learnt) > self._kept:
            self._learnt.popitem(last=False)
        return learnt


def _span(feed: Known) -> _Span:
    """Whole days before the last event: a silence that lasts teaches nothing, so that it is not learnt as usual."""
    until = day_of(feed.last_at)
    return _Span(min(until, max(until - WINDOW, day_of(feed.first_at) + 1)), until)


def silences(
    activity: Activity,
    now: int,
    agencies: Collection[str],
    *,
    behind: bool = False,
    habits: Habits | None = None,
    acknowledged: Mapping[Kind, Mapping[str, int]] = MappingProxyType({}),
) -> Sequence[Silence]:
    """Judge every source that ever sent something, and the outbox of each of `agencies`, at `now` (ms since 1970 UTC).

    `behind`: the pipeline is (`is_behind`), so that nobody can be judged. Who asks again and again keeps `habits`.
    `acknowledged`: of each kind, name → when the last event before a silence came that somebody knows of.
    """
    habits = Habits() if habits is None else habits
    found: list[Silence] = []
    for kind, prefix in PREFIXES.items():
        feeds = [one for one in activity.known(kind) if kind is Kind.SOURCE or one.name in agencies]
        learnt, known = habits.of(activity, kind, feeds), acknowledged.get(kind, {})
        for one in feeds:
            seen = known.get(one.name) == one.last_at
            found.append(
                verdict(prefix + one.name, one.last_at, learnt[one.name], now, behind=behind, acknowledged=seen)
            )
    there = {one.feed for one in found}
    missing = [PREFIXES[Kind.PUBLISHED] + name for name in agencies]
    return [*found, *(never(feed) for feed in missing if feed not in there)]


def is_behind(log: LogBrowser, now: int) -> bool:
    """Say whether an event waits to be decided about for longer than is usual. Mass runs in their lane may wait."""
    for committed, last in log.extents(RECEIVED, PIPELINE):
        if committed < last:
            after = max(committed, start_of(partition_of(last)))
            if any(now - record.at > BEHIND for record in log.scan(RECEIVED, after, 1)):
                return True
    return False
