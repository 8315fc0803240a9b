"""A stretch of one partition: the records behind a place, as far as they have been fetched."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Any

from confluent_kafka import Message as Fetched

from hub.eventlog import Record
from hub.eventlog.kafka.fetch import at_end
from hub.eventlog.kafka.place import Place

#: A page of records ends early when its values pass this many bytes, so that memory stays bounded.
PAGE_BYTES = 32 * 1024 * 1024


class Stretch:
    """Records in order, each with Kafka's offset of it. Counting them gives their positions."""

    def __init__(self, start: Place) -> None:
        #: Before the first record.
        self.start = start
        #: Behind the last one.
        self.end = start
        self.size = 0
        self._records: deque[tuple[int, Record]] = deque()

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        return (record for _, record in self._records)

    def offsets(self) -> Iterator[int]:
        """Yield Kafka's offset of each record."""
        return (offset for offset, _ in self._records)

    def add(self, fetched: Fetched) -> None:
        """Add the next record, or the word that there is no more for now. A record that is here is left out."""
        offset = fetched.offset() or 0
        if fetched.error() is not None and at_end(fetched):
            self.reach(offset)
            return
        next_offset, position, latest = self.end
        if offset < next_offset:
            return
        at = fetched.timestamp()[1]
        if at < latest:
            at = latest
        value = fetched.value() or b""
        pairs: Any = fetched.headers() or ()
        headers = {name: content.decode() for name, content in pairs}
        position += 1
        self._records.append((offset, Record(position, at, (fetched.key() or b"").decode(), value, headers)))
        self.size += len(value)
        self.end = Place(offset + 1, position, at)

    def reach(self, offset: int) -> None:
        """Note that no record comes before an offset."""
        if offset > self.end.offset:
            self.end = self.end._replace(offset=offset)
            if not self._records:
                self.start = self.end

    def page(self, limit: int) -> list[Record]:
        """Return the first records: at most `limit`, fewer (but one at least) when they are large."""
        page: list[Record] = []
        size = 0
        for record in islice(self, limit):
            page.append(record)
            size += len(record.value)
            if size > PAGE_BYTES:
                break
        return page

    def place_of(self, position: int) -> Place | None:
        """Return the place right behind a record, or None when it isn't in this stretch."""
        if position == self.start.position:
            return self.start
        index = position - self.start.position - 1
        if not 0 <= index < len(self._records):
            return None
        offset, record = self._records[index]
        return Place(offset + 1, position, record.at)

    def drop_to(self, position: int) -> bool:
        """Forget the records up to a position; say False when it isn't in this stretch."""
        place = self.place_of(position)
        if place is None:
            return False
        while self._records and self._records[0][1].position <= position:
            self.size -= len(self._records.popleft()[1].value)
        self.start = place if self._records else self.end
        return True
