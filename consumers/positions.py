"""Where in a feed a moment is."""

from __future__ import annotations

from hub.eventlog import LogBrowser


def position_before(log: LogBrowser, topic: str, moment: int, last: int) -> int:
    """Return the position behind which everything of a topic is that came at a moment (ms since 1970 UTC) or later.

    `last` is the topic's last position. The log's times never go back, so a few looks are enough however long it is.
    """
    low, high = 0, last
    while low < high:
        middle = (low + high) // 2
        found = log.scan(topic, middle, 1)
        if found and found[0].at < moment:
            low = found[0].position
        else:
            high = middle
    return low
