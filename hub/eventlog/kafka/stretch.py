"""A stretch of one partition: the records behind a place, as far as they have been fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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
        self._records: list[Record] = []
        self._offsets: list[int] = []

    def __len__(self) -> int:
        return len(self._records)

    def offsets(self) -> Iterator[int]:
        """Yield Kafka's offset of each record."""
        return iter(self._offsets)

    def extend(self, page: Iterable[Fetched]) -> None:
        """Add the next records, and the words that there is no more for now. A record that is here is left out.

        Raises `LogUnavailable` for an error among them: then the stretch is of no use any more.
        """
        next_offset, position, latest = self.end
        for fetched in page:
            offset = fetched.offset() or 0
            if fetched.error() is not None and at_end(fetched):
                next_offset = max(next_offset, offset)
            elif offset >= next_offset:
                next_offset = offset + 1
                position += 1
                at = fetched.timestamp()[1]
                if at > latest:
                    latest = at
                value = fetched.value() or b""
                pairs: Any = fetched.headers() or ()
                headers = {name: content.decode() for name, content in pairs}
                self._offsets.append(offset)
                self._records.append(Record(position, latest, (fetched.key() or b"").decode(), value, headers))
                self.size += len(value)
        self.end = Place(next_offset, position, latest)
        if not self._records:
            self.start = self.end

    def page(self, limit: int) -> list[Record]:
        """Return the first records: at most `limit`, fewer (but one at least) when they are large."""
        page = self._records[:limit]
        if self.size > PAGE_BYTES:
            size = 0
            for number, record in enumerate(page, 1):
                size += len(record.value)
                if size > PAGE_BYTES:
                    return page[:number]
        return page

    def place_of(self, position: int) -> Place | None:
        """Return the place right behind a record, or None when it isn't in this stretch."""
        if position == self.start.position:
            return self.start
        index = position - self.start.position - 1
        if not 0 <= index < len(self._records):
            return None
        return Place(self._offsets[index] + 1, position, self._records[index].at)

    def drop_to(self, position: int) -> bool:
        """Forget the records up to a position; say False when it isn't in this stretch."""
        place = self.place_of(position)
        if place is None:
            return False
        count = position - self.start.position
        self.size -= sum(len(record.value) for record in self._records[:count])
        del self._records[:count], self._offsets[:count]
        self.start = place if self._records else self.end
        return True
