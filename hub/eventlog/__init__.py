"""The event log: topics of records in order, and how far each group has read. Every log obeys this contract."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

#: A position is a place in one partition of a topic: the partition's number above so many bits, below it the count.
#: So positions are unique within a topic and rise by one within a partition. Up to 8,191 partitions they stay exact
#: in JSON. The embedded log, and every feed, has the one partition 0.
PARTITION_BITS: Final = 40


def partition_of(position: int) -> int:
    """Return the partition that a position is in."""
    return position >> PARTITION_BITS


def start_of(partition: int) -> int:
    """Return the position before a partition's first record."""
    return partition << PARTITION_BITS


class Message(NamedTuple):
    """What is appended to a topic."""

    #: The person whose order is kept; records of one key are read in the order they were appended.
    key: str
    #: Confluent wire format (0, schema id, Avro), or b"" where the headers say it all.
    value: bytes
    #: CloudEvents attributes of the Kafka binary binding (`ce_id`, `ce_type`, …) and the hub's own.
    headers: Mapping[str, str]


class Record(NamedTuple):
    """What is read: a message with its place in the topic."""

    #: Rises by one from 1 within a topic; from `start_of(partition)` + 1 within each where there are several.
    position: int
    #: When the log took it, in milliseconds since 1970 UTC, by the log's clock.
    at: int
    key: str
    value: bytes
    headers: Mapping[str, str]

    @property
    def message(self) -> Message:
        """What was appended."""
        return Message(self.key, self.value, self.headers)


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a producer has come in its own material, stored together with what it appends."""

    producer: str
    value: str


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one commit writes: messages per topic, and a producer's mark."""

    messages: Mapping[str, Sequence[Message]] = field(default_factory=dict)
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """The next records of a topic for a group. Committing it moves the group behind its last record."""

    topic: str
    group: str
    #: The position up to which the group had committed when this batch was read (`start_of`: nothing yet).
    after: int
    records: Sequence[Record]

    @property
    def last(self) -> int:
        """The position of the last record, or `after` for an empty batch."""
        return self.records[-1].position if self.records else self.after

    @property
    def partition(self) -> int:
        """The partition that all records of the batch are in."""
        return partition_of(self.after)


class EventLog(Protocol):
    """Where events are kept. Raises `LogUnavailable` for a broken world, `PositionMoved` for a lost race."""

    def append(self, outputs: Outputs) -> None:
        """Write all of the messages and the mark, or none."""

    def read(self, topic: str, group: str, limit: int) -> Batch:
        """Return the next records of the group: the same ones until they are committed."""

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        """Write the outputs and move the group behind the batch: both or neither."""


class LogBrowser(Protocol):
    """Looking into a log without moving any group: for feeds, explanations and status."""

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records behind position `after`, in order; one partition after the other."""

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        """Return (position committed by the group, position of the topic's last record); 0 for none.

        Of a topic with several partitions, the numbers of records instead.
        """

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        """Return the same for each partition, as positions; nothing for a topic that isn't there."""

    def owned(self, topic: str, group: str) -> Collection[int]:
        """Return the partitions that this handle reads for the group: all, unless they are shared out."""

    def mark(self, producer: str) -> str | None:
        """Return the producer's last mark, or None."""


class Log(EventLog, LogBrowser, Protocol):
    """A log that can be used in both ways."""


class LogUnavailable(Exception):
    """The log can't be used now: disk full, file damaged, server away. Says which file and what to do."""


class LogAway(LogUnavailable):
    """The log can't be reached for now. Nothing is lost: trying again later is all that it takes."""


class PositionMoved(Exception):
    """Another reader of the same group committed first. Nothing was written; read again."""


def records_of(log: LogBrowser, topic: str, after: int = 0, page: int = 1000) -> Iterator[Record]:
    """Yield every record of a topic behind `after`, page by page, in bounded memory."""
    while records := log.scan(topic, after, page):
        yield from records
        after = records[-1].position
