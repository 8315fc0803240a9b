"""The event log on Apache Kafka. Safe for any number of threads, processes and machines."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Self

from uuid_utils import uuid7

from hub.eventlog import Batch, LogAway, Message, Outputs, PositionMoved, Record
from hub.eventlog.connection import LEAVING, KafkaConnection
from hub.eventlog.kafka.browser import Browser
from hub.eventlog.kafka.cluster import Cluster, missing_topic, partition_for
from hub.eventlog.kafka.following import Following
from hub.eventlog.kafka.places import Places
from hub.eventlog.kafka.table import Table
from hub.eventlog.kafka.writer import Writer, pack
from hub.topics import MARKS

_LOG = logging.getLogger(__name__)

#: Seconds after which the cluster ends what a killed producer left open: so long may it hold up the readers.
_LEFT_OPEN = 10.0

#: Seconds for taking leave of the cluster. It notices by itself that a member is gone.
_LEAVING = 10.0

#: Gives messages their place before they are appended, and holds that place until they are.
Placing = Callable[[Outputs], AbstractContextManager[Outputs]]


class KafkaLog:
    """An `EventLog` and `LogBrowser` on topics that are there already (`dancu topics apply`).

    Reads everything that a group has not committed, whoever else does, until `share` is called. Raises
    `LogUnavailable`; `LogAway` while the cluster doesn't answer.
    """

    def __init__(
        self,
        connection: KafkaConnection,
        *,
        on_missing: Callable[[str], None] = missing_topic,
    ) -> None:
        """Connect. `on_missing` is called with the name of a topic that is written to and isn't there."""
        #: Told of everything that is appended.
        self.placing: Placing = nullcontext
        self._cluster = Cluster(connection, on_missing)
        self._places = Places(self._cluster)
        self._browser = Browser(self._cluster, self._places)
        self._marks = Table(self._cluster, MARKS)
        self._followings: dict[tuple[str, str], Following] = {}
        self._others: list[KafkaLog] = []
        self._writer = Writer(self._cluster, f"append.{uuid7()}", _LEFT_OPEN)
        self._appending = threading.Lock()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave all groups, if the cluster lets us in time. Using the log afterwards is a programming error."""
        leaving = threading.Thread(target=self._leave, name=LEAVING, daemon=True)
        leaving.start()
        leaving.join(_LEAVING)
        if leaving.is_alive():
            _LOG.warning("the cluster was left without a word: it did not answer within %d s", _LEAVING)

    def _leave(self) -> None:
        for other in self._others:
            other.close()
        for following in self._followings.values():
            following.close()
        self._browser.close()
        self._places.close()
        self._marks.close()
        self._writer.close()

    def share(self, topic: str, group: str) -> None:
        """From now on read of this topic only what the processes of the group have shared out to this one."""
        if not self._cluster.partitions(topic):
            missing_topic(self._cluster.connection.name(topic))
        self._following(topic, group).join()

    def beside(self, topic: str, group: str) -> KafkaLog:
        """Return another handle that shares a topic's partitions with this one. It is closed with this one."""
        other = KafkaLog(self._cluster.connection)
        other.placing = self.placing
        other.share(topic, group)
        self._others.append(other)
        return other

    def append(self, outputs: Outputs) -> None:
        """Write all of the messages and the mark, or none. After `LogAway` they may have been written."""
        with self.placing(outputs) as placed:
            packed = pack(self._cluster, _with_mark(placed))
            if packed:
                with self._appending:
                    try:
                        self._writer.write(packed)
                    except PositionMoved as fenced:  # our own transaction was ended, as it took too long
                        raise LogAway(f"Kafka: {fenced}; it is not known whether it was written") from fenced

    def home_of(self, topic: str, key: str) -> int:
        """Return the partition that a key leads to."""
        return partition_for(key.encode(), self._cluster.partitions_to_write(topic))

    def ends(self, topic: str) -> Mapping[int, int]:
        """Return for each partition the offset behind its very last record, readable yet or not."""
        return self._cluster.very_ends(topic)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        """Return the next records of one partition: the same ones until they are committed."""
        return self._following(topic, group).read(limit)

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        """Write the outputs and move the group behind the batch: both or neither. Raises `PositionMoved`."""
        packed = pack(self._cluster, _with_mark(outputs))
        self._following(batch.topic, batch.group).commit(batch, packed)

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records behind position `after`, one partition after the other."""
        return self._browser.scan(topic, after, limit)

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        """Return (position committed by the group, position of the last record); numbers, of several partitions.

        Far behind, the second may be a little too large: offsets are taken for records then.
        """
        every = self.extents(topic, group)
        if len(every) == 1:
            return every[0]
        mask = (1 << 40) - 1
        return sum(committed & mask for committed, _ in every), sum(last & mask for _, last in every)

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        """Return the same for each partition, as positions."""
        committed = self._following(topic, group).committed()
        return self._browser.extents(topic, committed)

    def owned(self, topic: str, group: str) -> Collection[int]:
        """Return the partitions that this handle and those beside it read for the group: all, unless shared out."""
        others = (part for other in self._others for part in other.owned(topic, group))
        return {*self._following(topic, group).owned(), *others}

    def mark(self, producer: str) -> str | None:
        """Return the producer's last mark, or None."""
        return self._marks.refresh().get(producer)

    def _following(self, topic: str, group: str) -> Following:
        with self._lock:
            known = self._followings.get((topic, group))
            if known is None:
                known = Following(self._cluster, self._places, self._browser, topic, group)
                self._followings[topic, group] = known
            return known


def _with_mark(outputs: Outputs) -> dict[str, Sequence[Message]]:
    messages = dict(outputs.messages)
    if outputs.mark is not None:
        messages[MARKS] = [Message(outputs.mark.producer, outputs.mark.value.encode(), {})]
    return messages
