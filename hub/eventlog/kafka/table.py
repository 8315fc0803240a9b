"""A table kept in a compacted topic: the newest value of each key, for every process that looks."""

from __future__ import annotations

import threading

from confluent_kafka import Consumer, TopicPartition

from hub.eventlog.kafka.cluster import Cluster
from hub.eventlog.kafka.fetch import at_end, fetch_until


class Table:
    """Reads the topic once from its beginning, and then what is new whenever somebody asks."""

    def __init__(self, cluster: Cluster, topic: str) -> None:
        self._cluster = cluster
        self._topic = topic
        self._values: dict[str, str] = {}
        self._read = 0
        self._consumer: Consumer | None = None
        self._lock = threading.Lock()

    def refresh(self) -> dict[str, str]:
        """Return what the table says now. Raises `LogUnavailable`."""
        with self._lock:
            end = self._cluster.ends(self._topic).get(0, 0)
            if self._read < end:
                self._catch_up(end)
            return self._values

    def close(self) -> None:
        """Close the reader."""
        if self._consumer is not None:
            self._consumer.close()

    def _catch_up(self, end: int) -> None:
        if self._consumer is None:
            self._consumer = self._cluster.consumer(f"browse.{self._topic}", fetch_wait_max_ms=10)
            name = self._cluster.connection.name(self._topic)
            self._consumer.assign([TopicPartition(name, 0, self._read)])
        for page in fetch_until(self._consumer, {0: end}, {0: self._read}):
            for message in page:
                finished = at_end(message)
                if not finished:
                    self._values[(message.key() or b"").decode()] = (message.value() or b"").decode()
                self._read = max(self._read, (message.offset() or 0) + (not finished))
