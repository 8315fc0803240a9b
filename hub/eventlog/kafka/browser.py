"""Looking into topics without moving any group: pages of records, and how far a topic goes."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from confluent_kafka import Consumer, TopicPartition

from hub.eventlog import Record, partition_of, start_of
from hub.eventlog.kafka.cluster import Cluster
from hub.eventlog.kafka.fetch import fetch_until
from hub.eventlog.kafka.place import Place
from hub.eventlog.kafka.places import Places
from hub.eventlog.kafka.stretch import PAGE_BYTES, Stretch

#: So many offsets are counted to know exactly how far a topic goes; beyond that, offsets stand for records.
_EXACT = 1000


class Browser:
    """One reader for a whole process: whoever reads page after page finds it where they left it."""

    def __init__(self, cluster: Cluster, places: Places) -> None:
        self._cluster = cluster
        self._places = places
        self._consumer: Consumer | None = None
        self._open: tuple[str, int, Stretch] | None = None
        self._lock = threading.Lock()

    def close(self) -> None:
        """Close the reader."""
        if self._consumer is not None:
            self._consumer.close()

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records behind a position, one partition after the other; fewer when they are large."""
        with self._lock:
            ends = self._cluster.ends(topic)
            found: list[Record] = []
            for part in range(partition_of(after), len(ends)):
                if found and (len(found) >= limit or sum(len(r.value) for r in found) > PAGE_BYTES):
                    break
                behind = max(after, start_of(part))
                found += self._page(topic, part, behind, limit - len(found), ends[part])
            return found

    def extents(self, topic: str, committed: Mapping[int, Place]) -> list[tuple[int, int]]:
        """Return (committed position, last position) of each partition."""
        with self._lock:
            ends = self._cluster.ends(topic)
            return [
                (committed[part].position, self._last(topic, part, committed[part], end)) for part, end in ends.items()
            ]

    def nothing_between(self, topic: str, part: int, place: Place, offset: int) -> bool:
        """Say whether no record is behind a place and before an offset."""
        with self._lock:
            stretch = self._stretch_at(topic, part, place.position, place)
            self._fetch(part, stretch, offset, 1)
            return next(stretch.offsets(), offset) >= offset

    def first_place(self, topic: str, part: int) -> Place:
        """Return the place before the first record that is kept: later than the start when old ones have gone."""
        offset = self._cluster.starts(topic).get(part, 0)
        if offset == 0:
            return Place.start(part)
        with self._lock:
            return self._first_kept(topic, part, offset)

    def _first_kept(self, topic: str, part: int, offset: int) -> Place:
        known = self._places.behind(topic, part, offset)
        if known is None:  # nobody has counted all that has gone: a gap, but never a position twice
            near = self._places.last_before(topic, part, offset)
            return near._replace(offset=offset) if near else Place(offset, start_of(part) + offset, 0)
        stretch, count = self._begin(topic, part, Place(offset, start_of(part), 0)), 0
        while stretch.end.offset < known.offset:
            self._fetch(part, stretch, known.offset, None)
            count += sum(1 for place in stretch.offsets() if place < known.offset)
            stretch.drop_to(stretch.end.position)
        self._open = None
        return Place(offset, known.position - count, 0)

    def _page(self, topic: str, part: int, after: int, limit: int, end: int) -> list[Record]:
        stretch = self._stretch_at(topic, part, after)
        while True:
            missing = limit + max(0, after - stretch.start.position)
            self._fetch(part, stretch, end, min(missing, 5 * limit + 1000))
            skipped = min(after, stretch.end.position)
            stretch.drop_to(skipped)
            self._places.note(topic, part, stretch.start)
            if len(stretch) >= limit or stretch.end.offset >= end or stretch.size > PAGE_BYTES:
                break
        page = stretch.page(limit)
        if page:
            stretch.drop_to(page[-1].position)
            self._places.note(topic, part, stretch.start)
        return page

    def _last(self, topic: str, part: int, committed: Place, end: int) -> int:
        near = max(committed, self._places.seen(topic, part) or committed)
        if end <= near.offset:
            return near.position
        if end - near.offset > _EXACT:
            return near.position + end - near.offset
        stretch = self._stretch_at(topic, part, near.position, near)
        self._fetch(part, stretch, end, None)
        self._places.note(topic, part, stretch.end)
        return stretch.end.position

    def _stretch_at(self, topic: str, part: int, position: int, start: Place | None = None) -> Stretch:
        """Return a stretch that holds what is behind a position: the open one if it does, or a new one.

        The new one begins at `start`, or else at the last known place before the position that is still kept.
        """
        if self._open is not None:
            open_topic, open_part, stretch = self._open
            if (open_topic, open_part) == (topic, part) and stretch.start.position <= position <= stretch.end.position:
                stretch.drop_to(position)
                return stretch
        if start is None:
            start = self._places.before(topic, part, position)
            kept = self._cluster.starts(topic)[part]
            if start.offset < kept:
                start = self._first_kept(topic, part, kept)
        return self._begin(topic, part, start)

    def _begin(self, topic: str, part: int, start: Place) -> Stretch:
        self._reader().assign([TopicPartition(self._cluster.connection.name(topic), part, start.offset)])
        stretch = Stretch(start)
        self._open = (topic, part, stretch)
        return stretch

    def _reader(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self._cluster.consumer("browse", fetch_wait_max_ms=10)
        return self._consumer

    def _fetch(self, part: int, stretch: Stretch, end: int, enough: int | None) -> None:
        """Fetch up to an end (an offset), or until there are enough records."""
        if stretch.end.offset >= end or (enough is not None and len(stretch) >= enough):
            return
        try:
            for page in fetch_until(self._reader(), {part: end}, {part: stretch.end.offset}):
                stretch.extend(page)
                if (enough is not None and len(stretch) >= enough) or stretch.size > PAGE_BYTES:
                    return
        except BaseException:
            self._open = None
            raise
