"""What is known of the places in the partitions: kept by the groups' commits, in a compacted topic of its own.

Kafka forgets where a group without members was after some days (`offsets.retention.minutes`); this topic doesn't.
"""

from __future__ import annotations

from collections.abc import Iterable

from hub.eventlog import partition_of, start_of
from hub.eventlog.kafka.cluster import Cluster
from hub.eventlog.kafka.place import Place
from hub.eventlog.kafka.table import Table
from hub.eventlog.kafka.writer import Packed
from hub.topics import PLACES

#: A place is kept of every so many positions: so many records at most are read to find another.
_EVERY = 5000


class Places:
    """The topic `dancu.places`."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._table = Table(cluster, PLACES)
        self._seen: dict[tuple[str, int], Place] = {}

    def close(self) -> None:
        """Close the reader."""
        self._table.close()

    def packed_commit(self, group: str, topic: str, after: int, place: Place) -> list[Packed]:
        """Return what is to be written together with a commit that moves a group from position `after` to a place."""
        name, part = self._cluster.connection.name(PLACES), partition_of(after)
        self._cluster.partitions_to_write(PLACES)
        keys = [f"{group} {topic} {part}"]
        number = (place.position - start_of(part)) // _EVERY
        if number != (after - start_of(part)) // _EVERY:
            keys.append(f"@ {topic} {part} {number}")
        value = f"{place.offset} {place.text}".encode()
        return [(name, value, key.encode(), 0, None, None, 0, []) for key in keys]

    def commits(self, group: str, topic: str, parts: Iterable[int]) -> dict[int, Place]:
        """Return how far a group has come, of those partitions where it ever committed."""
        table = self._table.refresh()
        found = {part: table.get(f"{group} {topic} {part}") for part in parts}
        return {part: _parse(value) for part, value in found.items() if value}

    def note(self, topic: str, part: int, place: Place) -> None:
        """Remember a place for this process only: somebody who reads on will start there."""
        self._seen[topic, part] = place

    def seen(self, topic: str, part: int) -> Place | None:
        """Return the place that was noted last."""
        return self._seen.get((topic, part))

    def before(self, topic: str, part: int, position: int) -> Place:
        """Return the last known place at a position or before it."""
        seen = self._seen.get((topic, part))
        start = Place.start(part)
        near = seen if seen is not None and seen.position <= position else start
        if position - near.position <= _EVERY:
            return near
        return max(near, *self._index(topic, part, start, position), start, key=lambda place: place.position)

    def behind(self, topic: str, part: int, offset: int) -> Place | None:
        """Return the first known place at an offset or behind it."""
        return min((place for place in self._every(topic, part) if place.offset >= offset), default=None)

    def last_before(self, topic: str, part: int, offset: int) -> Place | None:
        """Return the last known place before an offset."""
        return max((place for place in self._every(topic, part) if place.offset < offset), default=None)

    def _every(self, topic: str, part: int) -> list[Place]:
        """Return the index and what the groups have committed."""
        index, commit = f"@ {topic} {part} ", f" {topic} {part}"
        found = list(self._table.refresh().items())
        return [
            _parse(value)
            for key, value in found
            if key.startswith(index) or (key.endswith(commit) and not key.startswith("@ "))
        ]

    def _index(self, topic: str, part: int, start: Place, position: int) -> list[Place]:
        table, prefix = self._table.refresh(), f"@ {topic} {part} "
        last = (position - start.position) // _EVERY
        values = (table.get(f"{prefix}{number}") for number in range(last, max(0, last - 50), -1))
        near = [_parse(value) for value in values if value]
        near = [place for place in near if place.position <= position]
        if near:
            return near[:1]
        every = [_parse(value) for key, value in list(table.items()) if key.startswith(prefix)]
        return [place for place in every if place.position <= position]


def _parse(value: str) -> Place:
    offset, _, rest = value.partition(" ")
    return Place.of(int(offset), rest)
