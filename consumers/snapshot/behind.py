"""What was put into a feed behind a place."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from hub import headers as h
from hub.database import reading
from hub.eventlog import LogBrowser
from hub.registers.current import decided_at
from hub.topics import DELIVER

_PAGE = 1000


def decided_behind(log: LogBrowser, registers: sa.Engine, feed: str, after: int) -> Iterator[int]:
    """Yield the positions in `received` at which was decided what the feed has behind a position now."""
    end = log.extent(feed, DELIVER)[1]
    while after < end and (records := log.scan(feed, after, _PAGE)):
        with reading(registers) as connection:
            yield from decided_at(connection, [record.headers.get(h.ID, "") for record in records])
        after = records[-1].position
