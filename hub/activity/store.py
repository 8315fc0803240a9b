"""Keeps how much happened when: by the minute for a day, by the hour for half a year."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.activity import tables as t
from hub.activity.kind import HOUR, MINUTE, Kind
from hub.activity.upserts import add_spans, note_names
from hub.database import among, reading

#: How long the spans are kept, in ms.
KEPT: Mapping[int, int] = {MINUTE: 26 * 3_600_000, HOUR: 190 * 86_400_000}
#: The same for a name of which nothing was heard.
NAMES_KEPT = 400 * 86_400_000

#: What happened how often: kind, name, when (ms since 1970 UTC).
Counts = Mapping[tuple[Kind, str, int], int]


class Known(NamedTuple):
    """A name that was counted: the first and the last time, ms since 1970 UTC."""

    name: str
    first_at: int
    last_at: int


class Hour(NamedTuple):
    """An hour in which something happened."""

    name: str
    #: When it begins, ms since 1970 UTC.
    at: int
    events: int
    #: Bit i: something happened in its minute i.
    minutes: int


class Activity:
    """Counts of what happened. Any number of processes may add to them."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use the deliveries' database."""
        self._engine = engine

    def add(self, counts: Counts) -> None:
        """Add to the counts, in one transaction. Counts of nothing leave no trace."""
        there = {key: count for key, count in counts.items() if count > 0}
        if not there:
            return
        minutes: Counter[tuple[str, str, int]] = Counter()
        seen: dict[tuple[str, str], tuple[int, int]] = {}
        for (kind, name, at), count in there.items():
            minutes[kind.value, name, at - at % (MINUTE * 1000)] += count
            first, last = seen.get((kind.value, name), (at, at))
            seen[kind.value, name] = (min(first, at), max(last, at))
        with self._engine.begin() as connection:
            add_spans(connection, minutes)
            note_names(connection, seen)

    def series(
        self, kind: Kind, names: Iterable[str], since: int, until: int, grain: int
    ) -> Mapping[str, Sequence[int]]:
        """Return for every name the counts of all spans that touch [since, until), the first one first, zeros too.

        `since` and `until` in ms since 1970 UTC, `grain` in seconds: `MINUTE` (the last 26 h) or `HOUR` (190 days).
        """
        step = grain * 1000
        begin = since - since % step
        found = {name: [0] * max(0, -(-(until - begin) // step)) for name in names}
        c = t.activity.c
        query = sa.select(c.name, c.at, c.count).where(
            c.kind == kind.value, among(c.name, found), c.grain == grain, c.at >= begin, c.at < until
        )
        with reading(self._engine) as connection:
            for name, at, count in connection.execute(query):
                found[name][(at - begin) // step] = count
        return found

    def totals(self, kind: Kind, since: int, until: int) -> Mapping[str, int]:
        """Return name → count of all that happened in [since, until), to the minute.

        Parts of hours need their minutes: further back than 26 h, ask for whole hours.
        """
        found: Counter[str] = Counter()
        with reading(self._engine) as connection:
            for grain, begin, end in _pieces(since, until):
                found.update(_sums(connection, kind, grain, begin, end))
        return found

    def known(self, kind: Kind) -> Sequence[Known]:
        """Return every name of a kind that was ever counted, in alphabetical order."""
        c = t.names.c
        query = sa.select(c.name, c.first_at, c.last_at).where(c.kind == kind.value).order_by(c.name)
        with reading(self._engine) as connection:
            return [Known(*row) for row in connection.execute(query)]

    def hours(self, kind: Kind, names: Iterable[str], since: int, until: int) -> Mapping[str, Sequence[Hour]]:
        """Return for every name the hours that begin in [since, until) in which something happened, in order."""
        c = t.activity.c
        query = sa.select(c.name, c.at, c.count, c.minutes).where(
            c.kind == kind.value, among(c.name, names), c.grain == HOUR, c.at >= since, c.at < until
        )
        found: dict[str, list[Hour]] = defaultdict(list)
        with reading(self._engine) as connection:
            for row in connection.execute(query.order_by(c.name, c.at)).all():
                found[row[0]].append(Hour._make(row))
        return found

    def prune(self, now: int) -> None:
        """Forget the spans and names that are too old at `now` (ms since 1970 UTC)."""
        c = t.activity.c
        with self._engine.begin() as connection:
            for grain, kept in KEPT.items():
                for kind in Kind:  # so that the index says where they are
                    old = (c.grain == grain, c.kind == kind.value, c.at < now - kept)
                    connection.execute(sa.delete(t.activity).where(*old))
            for table in (t.names, t.acknowledged):
                connection.execute(sa.delete(table).where(table.c.last_at < now - NAMES_KEPT))


def _pieces(since: int, until: int) -> Iterator[tuple[int, int, int]]:
    """Cut a time into minutes, whole hours and minutes: grain, from, up to."""
    step = HOUR * 1000
    first, last = -(-since // step) * step, until - until % step
    if first >= last:
        yield MINUTE, since, until
        return
    yield MINUTE, since, first
    yield HOUR, first, last
    yield MINUTE, last, until


def _sums(connection: sa.Connection, kind: Kind, grain: int, begin: int, end: int) -> dict[str, int]:
    if begin >= end:
        return {}
    c = t.activity.c
    begin -= begin % (grain * 1000)
    where: Sequence[sa.ColumnElement[bool]] = (c.grain == grain, c.kind == kind.value, c.at >= begin, c.at < end)
    query: sa.Select[Any] = sa.select(c.name, sa.func.sum(c.count)).where(*where).group_by(c.name)
    return {name: int(count) for name, count in connection.execute(query)}
