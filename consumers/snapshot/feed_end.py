"""Where a feed ends, to the record, and what was put behind a place in it."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from hub import headers as h
from hub.database import reading
from hub.eventlog import LogBrowser
from hub.registers.current import decided_at
from hub.topics import DELIVER

_PAGE = 1000
#: A guess is too large by the transactions that nobody has counted: seldom more than these.
_NEAR = 10_000


def last_position(log: LogBrowser, feed: str) -> int:
    """Return the position of a record at the end of a feed, or a little before; 0 for an empty one.

    A log may only guess when nobody has read the feed for long (`LogBrowser.extent`), so the record is looked for.
    """
    low, guess = log.extent(feed, DELIVER)
    for start in (guess - 1, guess - _NEAR, low):
        last = _last_behind(log, feed, max(low, start), guess)
        if last:
            return last
    return low


def _last_behind(log: LogBrowser, feed: str, after: int, end: int) -> int:
    """Return the last position behind another, up to about `end`; 0 when there is none."""
    last = 0
    while after < end and (records := log.scan(feed, after, _PAGE)):
        after = last = records[-1].position
    return last


def decided_behind(log: LogBrowser, registers: sa.Engine, feed: str, after: int) -> Iterator[int]:
    """Yield the positions in `received` at which was decided what the feed has behind a position now."""
    end = log.extent(feed, DELIVER)[1]
    while after < end and (records := log.scan(feed, after, _PAGE)):
        with reading(registers) as connection:
            yield from decided_at(connection, [record.headers.get(h.ID, "") for record in records])
        after = records[-1].position
