"""Writing in transactions: all messages and a group's place, or nothing. Whoever begins last fences the others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from hub import headers as h
from hub.eventlog import LogUnavailable, Message, PositionMoved
from hub.eventlog.kafka.cluster import PATIENCE, Cluster, partition_for
from hub.eventlog.kafka.errors import error_of, in_words, insist, is_fenced

_LOG = logging.getLogger(__name__)

Headers = dict[str, str | bytes] | list[tuple[str, str | bytes]]


#: A message as the client's `produce` takes it: topic, value, key, partition, nobody to tell (twice), no time, headers.
Packed = tuple[str, bytes, bytes, int, None, None, int, Headers]


class Progress(NamedTuple):
    """How far a group is, to be stored with what is written."""

    at: TopicPartition
    #: The client's own word for the group.
    group: object


def pack(cluster: Cluster, messages: Mapping[str, Sequence[Message]]) -> list[Packed]:
    """Encode messages and choose their partitions.

    A person's messages go to one partition, as Kafka's own clients choose it from the key (murmur2).
    """
    packed: list[Packed] = []
    for topic, some in messages.items():
        if some:
            name, count = cluster.connection.name(topic), cluster.partitions_to_write(topic)
            for key, value, headers in some:
                raw = key.encode()
                part = 0 if count == 1 else _partition(raw, headers, count)
                packed.append((name, value, raw, part, None, None, 0, _headers(headers)))
    return packed


def _headers(headers: Mapping[str, str]) -> Headers:
    """Return headers as the client takes them. It cuts a text at NUL, so such are given as bytes."""
    plain: dict[str, Any] = headers if type(headers) is dict else dict(headers)
    if "\0" in "".join(plain.values()):
        return [(name, content.encode()) for name, content in plain.items()]
    return plain


def _partition(key: bytes, headers: Mapping[str, str], count: int) -> int:
    return int(headers[h.PARTITION]) if h.PARTITION in headers else partition_for(key, count)


class Writer:
    """A producer of transactions under one transactional id. Used by one thread at a time."""

    def __init__(self, cluster: Cluster, identity: str, timeout: float) -> None:
        """Begin nothing yet. A transaction that a killed process leaves open is ended after `timeout` seconds."""
        self._cluster = cluster
        self._identity = identity
        self._timeout = timeout
        self._producer: Producer | None = None

    @property
    def owned(self) -> bool:
        """Whether nobody else has begun under this id since we did, as far as we know."""
        return self._producer is not None

    def own(self) -> Producer:
        """Fence whoever used the id before, and end what they left open. Raises `LogUnavailable`."""
        if self._producer is None:
            producer = self._cluster.producer(self._identity, self._timeout)
            try:
                insist(lambda: producer.init_transactions(PATIENCE), "beginning to write", self._timeout)
            except KafkaException as problem:
                raise _meaning(problem, self._identity) from problem
            self._producer = producer
        return self._producer

    def write(self, packed: Sequence[Packed], progress: Progress | None = None) -> None:
        """Write all and the progress, or nothing. Raises `PositionMoved` when fenced, and `LogUnavailable`.

        After `LogAway` it may have been written all the same: look before doing it again.
        """
        producer = self.own()
        try:
            producer.begin_transaction()
            for message in packed:
                try:
                    producer.produce(*message)
                except BufferError:
                    _produce_later(producer, message)
            if progress is not None:
                offsets = partial(producer.send_offsets_to_transaction, [progress.at], progress.group, PATIENCE)
                insist(offsets, "committing", self._timeout)
            insist(lambda: producer.commit_transaction(PATIENCE), "committing", self._timeout)
        except BaseException as problem:
            self._producer = None  # the next one begins anew, and ends what this one has left open
            _give_up(producer)
            meaning = _meaning(problem, self._identity)
            if meaning is problem:
                raise
            raise meaning from problem

    def close(self) -> None:
        """Stop writing."""
        self._producer = None


def _produce_later(producer: Producer, message: Packed) -> None:
    """The client's memory is full: the cluster takes what is in it first."""
    while True:
        producer.poll(0.05)
        with suppress(BufferError):
            return producer.produce(*message)


def _give_up(producer: Producer) -> None:
    try:
        producer.purge()
        producer.abort_transaction(2.0)
    except KafkaException as problem:
        _LOG.info("could not abort: %s", error_of(problem).str())


def _meaning(problem: BaseException, identity: str) -> BaseException:
    """Say what broke a transaction. A coordinator says UNKNOWN at times to one that is fenced while it commits."""
    error = problem if isinstance(problem, KafkaException) else problem.__cause__
    if not isinstance(error, KafkaException):
        return problem
    if is_fenced(error) or error_of(error).code() == KafkaError.UNKNOWN:
        return PositionMoved(f"another process has taken over {identity}")
    return problem if isinstance(problem, LogUnavailable) else in_words(error_of(error), "writing")
