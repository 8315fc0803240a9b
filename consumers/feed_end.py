"""Where a feed ends, to the record."""

from __future__ import annotations

from hub.eventlog import LogBrowser, Record
from hub.topics import DELIVER

_PAGE = 1000


def last_position(log: LogBrowser, feed: str) -> int:
    """Return the position of a feed's last record, exactly; 0 for none.

    Far behind, a log on Kafka takes offsets for records and says too much (see `LogBrowser.extent`). A cursor behind
    the true end would lose what comes next, so the end is looked for among the records themselves.
    """
    _, last = log.extent(feed, DELIVER)
    step = 1
    while last > 0:
        before = max(0, last - step)
        found: list[Record] = list(log.scan(feed, before, _PAGE))
        if found:
            while more := log.scan(feed, found[-1].position, _PAGE):
                found = list(more)
            return found[-1].position
        if before == 0:
            break
        last, step = before, step * 2
    return 0
