"""A group without members, in whose name places are committed: asking where it is, and the client's word for it."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress

from confluent_kafka import Consumer, KafkaException, TopicPartition

from hub.eventlog import LogAway
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
        self._looking: Consumer | None = None
        self._lock = threading.Lock()

    def committed(self, partitions: Iterable[int]) -> dict[int, Place]:
        """Return how far the group is in those of the partitions where it is known. Waits for open transactions.

        Raises `LogUnavailable`.
        """
        asked = self._asked(partitions)
        with self._lock:
            found = insist(lambda: self._client().committed(asked, PATIENCE), self._doing, PATIENCE) if asked else []
        return self._places(found)

    def seen(self, partitions: Iterable[int], settling: float = 0.0) -> dict[int, Place]:
        """Return the same for who only looks, without what is being committed just now: a killed process may have left
        its transaction open, and who waits for that doesn't take over from it meanwhile.

        For up to `settling` seconds it waits all the same, so that everybody sees what anybody has just committed.
        """
        asked = self._asked(partitions)
        if asked and settling:
            with self._lock, suppress(KafkaException, LogAway):
                return self._places(self._client().committed(asked, settling))
        with self._lock:
            found = insist(lambda: self._onlooker().committed(asked, PATIENCE), self._doing, PATIENCE) if asked else []
        return self._places(found)

    def word(self) -> object:
        """Return the client's own word for the group."""
        with self._lock:
            return self._client().consumer_group_metadata()

    def close(self) -> None:
        """Ask no more."""
        with self._lock:
            for consumer in (self._consumer, self._looking):
                if consumer is not None:
                    consumer.close()

    @property
    def _doing(self) -> str:
        return f"asking how far {self._name} is"

    def _asked(self, partitions: Iterable[int]) -> list[TopicPartition]:
        return [TopicPartition(self._topic, part) for part in partitions]

    def _places(self, found: Iterable[TopicPartition]) -> dict[int, Place]:
        known: dict[int, Place] = {}
        for part in found:
            if part.error is not None:
                raise in_words(part.error, self._doing)
            if part.offset >= 0 and part.metadata:
                known[part.partition] = Place.of(part.offset, part.metadata)
        return known

    def _client(self) -> Consumer:
        if self._consumer is None:
            self._consumer = self._cluster.consumer(self._name)
        return self._consumer

    def _onlooker(self) -> Consumer:
        if self._looking is None:
            self._looking = self._cluster.consumer(self._name, isolation_level="read_uncommitted")
        return self._looking
