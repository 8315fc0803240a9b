"""A group without members, in whose name places are committed: asking where it is, and the client's word for it."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

from hub.eventlog.kafka.cluster import PATIENCE, Cluster
from hub.eventlog.kafka.errors import in_words, insist
from hub.eventlog.kafka.place import Place


class Group:
    """One group and one topic. Safe in several threads.

    It asks by a consumer that reads nothing. The client's administrator would do the same without one, but it crashes
    the whole process when the group moves to another broker (librdkafka 2.16, OffsetFetch and NOT_COORDINATOR).
    """

    def __init__(self, cluster: Cluster, group: str, topic: str) -> None:
        self._cluster = cluster
        self._name = f"{group}.{topic}"
        self._topic = cluster.connection.name(topic)
        self._consumer: Consumer | None = None
        self._lock = threading.Lock()

    def committed(self, partitions: Iterable[int]) -> dict[int, Place]:
        """Return how far the group is in those of the partitions where it is known. Waits for open transactions.

        Raises `LogUnavailable`.
        """
        asked = [TopicPartition(self._topic, part) for part in partitions]
        if not asked:
            return {}
        with self._lock:
            doing = f"asking how far {self._name} is"
            found = insist(lambda: self._client().committed(asked, PATIENCE), doing, PATIENCE)
        for part in found:
            if part.error is not None:
                raise in_words(part.error, doing)
        return {p.partition: Place.of(p.offset, p.metadata) for p in found if p.offset >= 0 and p.metadata}

    def word(self) -> object:
        """Return the client's own word for the group."""
        with self._lock:
            return self._client().consumer_group_metadata()

    def close(self) -> None:
        """Ask no more."""
        with self._lock:
            if self._consumer is not None:
                self._consumer.close()

    def _client(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self._cluster.consumer(self._name)
        return self._consumer
