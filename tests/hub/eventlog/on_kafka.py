"""Logs on Kafka whose topics are made when they are needed, and what the tests of several partitions share."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from functools import partial

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from hub.eventlog import Message, Outputs, Record
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from hub.eventlog.kafka.cluster import partition_for
from hub.eventlog.kafka.errors import error_of

RECEIVED, PIPELINE = "received", "pipeline"


def make_when_missing(servers: str, name: str) -> None:
    """Make a topic as `dancu topics apply` does, with one partition."""
    options = {"message.timestamp.type": "LogAppendTime", "max.message.bytes": str(12 * 1024 * 1024)}
    admin = AdminClient({"bootstrap.servers": servers})
    try:
        admin.create_topics([NewTopic(name, 1, 1, config=options)])[name].result()
    except KafkaException as error:  # another process of the test may be quicker
        if error_of(error).code() != KafkaError.TOPIC_ALREADY_EXISTS:
            raise
    while name not in admin.list_topics(timeout=10).topics:
        time.sleep(0.01)


def open_kafka(connection: KafkaConnection) -> KafkaLog:
    """Open a log whose topics are made when they are needed."""
    return KafkaLog(connection, on_missing=partial(make_when_missing, connection.servers))


def key_in(part: int, partitions: int) -> str:
    """Return a key that leads to this of so many partitions."""
    return next(key for key in map(str, range(10_000)) if partition_for(key.encode(), partitions) == part)


def numbered(key: str, numbers: Iterable[int], **headers: str) -> list[Message]:
    """Return messages of one key, one for each number."""
    return [Message(key, b"%d" % number, headers) for number in numbers]


def send(log: KafkaLog, *messages: Message) -> None:
    """Append to `received`."""
    log.append(Outputs({RECEIVED: messages}))


def numbers_in(records: Iterable[Record]) -> list[int]:
    """Return the numbers of `numbered`."""
    return [int(record.value) for record in records]


def drain(log: KafkaLog, copy_to: str | None = None, limit: int = 1000, at_least: int = 0) -> list[Record]:
    """Read and commit until nothing comes for a while; return what was read. Copies it to a topic, if there is one.

    `at_least` so many are waited for: a while is short, and the machine may be busy.
    """
    found: list[Record] = []
    empty, deadline = 0, time.monotonic() + 60
    while empty < 3 or (len(found) < at_least and time.monotonic() < deadline):
        batch = log.read(RECEIVED, PIPELINE, limit)
        empty = 0 if batch.records else empty + 1
        if batch.records:
            log.commit(batch, Outputs({copy_to: [r.message for r in batch.records]} if copy_to else {}))
            found += batch.records
    return found


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that comes by itself; `condition` may do a piece of work at each look."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
