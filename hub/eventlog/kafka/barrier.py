"""Holding back what must wait until other partitions have been decided up to a place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from hub import headers as h
from hub.eventlog import Record
from hub.eventlog.kafka.browser import Browser
from hub.eventlog.kafka.place import Place


class Barrier:
    """Looks at the header `AFTER` of the records of a topic. What has been passed once stays passed."""

    def __init__(self, browser: Browser, topic: str, committed: Callable[[Iterable[int]], Mapping[int, Place]]) -> None:
        """`committed` says how far the group is in some partitions."""
        self._browser = browser
        self._topic = topic
        self._committed = committed
        self._passed: set[str] = set()

    def before(self, page: list[Record]) -> list[Record]:
        """Cut a page before the first record that must still wait."""
        for index, record in enumerate(page):
            wanted = record.headers.get(h.AFTER)
            if wanted and not self._is_passed(wanted):
                return page[:index]
        return page

    def _is_passed(self, wanted: str) -> bool:
        if wanted not in self._passed:
            ends = {int(part): int(offset) for part, _, offset in (one.partition(":") for one in wanted.split(","))}
            places = self._committed(ends)
            if not all(self._has_come(part, places[part], offset) for part, offset in ends.items()):
                return False
            self._passed.add(wanted)
        return True

    def _has_come(self, part: int, place: Place, offset: int) -> bool:
        return place.offset >= offset or self._browser.nothing_between(self._topic, part, place, offset)
