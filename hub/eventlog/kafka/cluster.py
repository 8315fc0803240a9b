"""The cluster as our clients see it: making clients, and asking for partitions, ends and committed places."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import confluent_kafka
from confluent_kafka import (
    Consumer,
    IsolationLevel,
    KafkaError,
    KafkaException,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient, OffsetSpec

from hub.eventlog import LogUnavailable
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka.errors import UNKNOWN_TOPIC, in_words, insist, plain
from hub.eventlog.kafka.share import times_of

_LOG = logging.getLogger(__name__)
#: What the client itself has to say, such as that it looks for a broker.
_CLIENT = logging.getLogger("librdkafka")

#: Seconds that a question to the cluster may take.
PATIENCE = 15.0
#: Seconds that one try of such a question may take.
_TRY = 4.0
#: Seconds that readers wait for transactions that are being written.
_SETTLING = 1.0
#: Bytes of the longest record; the topics must allow as much.
_LONGEST = 12 * 1024 * 1024

_READING = {
    "enable_auto_commit": False,
    "enable_auto_offset_store": False,
    "isolation_level": "read_committed",
    "auto_offset_reset": "earliest",
    "allow_auto_create_topics": False,
    "enable_partition_eof": True,
    "fetch_error_backoff_ms": 100,
    # what waits in the client's own memory; the rest waits in the cluster
    "queued_max_messages_kbytes": 16 * 1024,
    "queued_min_messages": 10_000,
}


def partition_for(key: bytes, count: int) -> int:
    """Return the partition of a key among so many, as Kafka's own clients choose it."""
    return int(confluent_kafka.murmur2(key, count))  # type: ignore[attr-defined]  # newer than its types


def missing_topic(name: str) -> None:
    """Say that a topic isn't there: nothing is made by itself. Raises `LogUnavailable`."""
    raise LogUnavailable(f"Kafka: there is no topic {name}. Make it with `dancu topics apply`.")


class Cluster:
    """Makes clients and asks questions; any number of threads may use it. Raises `LogUnavailable`."""

    def __init__(self, connection: KafkaConnection, on_missing: Callable[[str], None] = missing_topic) -> None:
        """Connect. `on_missing` is called with the name of a topic that is written to and isn't there."""
        self.connection = connection
        self._on_missing = on_missing
        self._partitions: dict[str, int] = {}
        self._lock = threading.Lock()
        self._admin = self._connect()

    def _connect(self) -> AdminClient:
        with plain("connecting"):
            return AdminClient(self._config(retry_backoff_ms=20))

    def consumer(self, group: str, **more: Any) -> Consumer:
        """Return a consumer that reads what is committed, and commits nothing by itself."""
        options = {**_READING, **times_of(self.connection), "group_id": self.connection.name(group), **more}
        with plain("making a reader"):
            return Consumer(self._config(**options))

    def producer(self, identity: str, timeout: float) -> Producer:
        """Return a producer of transactions. One that leaves a transaction open is ended after `timeout` seconds."""
        options = {
            "transactional_id": self.connection.name(identity),
            "transaction_timeout_ms": int(timeout * 1000),
            "message_max_bytes": _LONGEST,
            "queue_buffering_max_kbytes": 128 * 1024,
            "linger_ms": 2,
            # a transaction that follows another closely is told to try again: soon, then
            "retry_backoff_ms": 10,
            "retry_backoff_max_ms": 200,
            "compression_type": "lz4",
        }
        with plain("making a writer"):
            return Producer(self._config(**options))

    def _config(self, **options: Any) -> dict[str, Any]:
        return {**self.connection.config(error_cb=_note, **options), "logger": _CLIENT}

    def partitions(self, topic: str) -> int:
        """Return how many partitions a topic has; 0 when it isn't there."""
        known = self._partitions.get(topic, 0)
        if known:
            return known
        name = self.connection.name(topic)
        found = insist(
            lambda: self._admin.list_topics(name, timeout=PATIENCE).topics[name], f"asking for {name}", PATIENCE
        )
        if found.error is not None and found.error.code() not in UNKNOWN_TOPIC:
            raise in_words(found.error, f"asking for {name}")
        with self._lock:
            self._partitions[topic] = len(found.partitions)
        return len(found.partitions)

    def partitions_to_write(self, topic: str) -> int:
        """Return how many partitions a topic has. Raises `LogUnavailable` when it isn't there."""
        return self.partitions(topic) or (self._on_missing(self.connection.name(topic)) or self.partitions(topic))

    def ends(self, topic: str) -> dict[int, int]:
        """Return for each partition the offset behind its last readable record.

        A transaction can be read a moment after its commit has been confirmed. What lies behind the end is waited for,
        so that everybody sees what anybody has written; but not for long, as somebody may be writing all the time.
        """
        there = self.very_ends(topic)
        deadline = time.monotonic() + _SETTLING
        while True:
            ends = self._offsets(topic, OffsetSpec.latest(), IsolationLevel.READ_COMMITTED)
            if all(ends[part] >= end for part, end in there.items()) or time.monotonic() > deadline:
                return ends
            time.sleep(0.002)

    def very_ends(self, topic: str) -> dict[int, int]:
        """Return for each partition the offset behind its very last record, readable yet or not."""
        return self._offsets(topic, OffsetSpec.latest(), IsolationLevel.READ_UNCOMMITTED)

    def starts(self, topic: str) -> dict[int, int]:
        """Return for each partition the offset of the first record that is still kept."""
        return self._offsets(topic, OffsetSpec.earliest(), IsolationLevel.READ_COMMITTED)

    def _offsets(self, topic: str, which: OffsetSpec, level: IsolationLevel) -> dict[int, int]:
        name = self.connection.name(topic)
        asked = {TopicPartition(name, p): which for p in range(self.partitions(topic))}
        if not asked:
            return {}

        def ask() -> dict[int, int]:
            admin = self._admin  # held on to until it has answered, as another thread may replace it
            try:
                answers = admin.list_offsets(asked, isolation_level=level, request_timeout=_TRY)
                infos: dict[int, Any] = {part.partition: answer.result(_TRY + 1) for part, answer in answers.items()}
                found = {part: int(info.offset) for part, info in infos.items()}
                if min(found.values()) < 0:  # no error, but no answer either: the partition has no leader just now
                    raise KafkaException(KafkaError(KafkaError.LEADER_NOT_AVAILABLE))
                return found
            except (KafkaException, TimeoutError) as problem:
                # the client's administrator asks a dead leader to the end, and does not notice that there is a new one
                self._admin = self._connect()
                if isinstance(problem, KafkaException):
                    raise
                raise KafkaException(KafkaError(KafkaError._TIMED_OUT)) from problem

        return insist(ask, f"asking how far {name} is", PATIENCE)


def _note(error: KafkaError) -> None:
    """Tell the log what the client says beside our calls, such as a broker that has gone."""
    _LOG.info("Kafka: %s", error.str())
