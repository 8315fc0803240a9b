"""What somebody may try at a cluster. Each returns `""` where it was allowed, else the name of Kafka's error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from typing import Any

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewPartitions,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)

from hub.eventlog.connection import KafkaConnection

#: Seconds in which a broker answers anything.
_PATIENCE = 30.0
#: What a coordinator says that has just begun to be one.
_STARTING = ("COORDINATOR_LOAD_IN_PROGRESS", "COORDINATOR_NOT_AVAILABLE", "NOT_COORDINATOR")


def read(connection: KafkaConnection, topic: str, group: str) -> str:
    """Read one record as a member of a group, and commit that."""
    name = connection.name
    with _consumer(connection, group) as consumer:
        consumer.subscribe([name(topic)])
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            record = consumer.poll(0.2)
            if record is None:
                continue
            if (error := record.error()) is not None:
                return str(error.name())
            return _name_of(partial(consumer.commit, record, asynchronous=False))
    return "nothing came"


def browse(connection: KafkaConnection, topic: str, group: str = "browse") -> str:
    """Look at the first record of a topic without joining a group; its coordinator is asked for all the same."""
    with _consumer(connection, group) as consumer:
        found = consumer.list_topics(connection.name(topic), _PATIENCE).topics[connection.name(topic)]
        if found.error:
            return str(found.error.name())
        consumer.assign([TopicPartition(connection.name(topic), partition, 0) for partition in found.partitions])
        record = consumer.poll(_PATIENCE)
        if record is None:
            return "nothing came"
        error = record.error()
        return "" if error is None else str(error.name())


def write(connection: KafkaConnection, topic: str) -> str:
    """Write one record, outside of any transaction."""
    answers: list[KafkaError | None] = []
    producer = Producer({**connection.config(), "log_level": 0})
    producer.produce(connection.name(topic), b"x", b"key", on_delivery=lambda error, _: answers.append(error))
    producer.flush(_PATIENCE)
    return str(answers[0].name()) if answers and answers[0] else "" if answers else "no answer"


def decide(connection: KafkaConnection, topics: tuple[str, ...], group: str, transactional_id: str) -> str:
    """Read one record of `received` and write to topics, in one transaction with the group's position."""
    name, config = connection.name, {**connection.config(), "log_level": 0}
    producer = Producer({**config, "transactional.id": name(transactional_id)})

    def transaction() -> None:
        producer.init_transactions(_PATIENCE)
        producer.begin_transaction()
        for topic in topics:
            producer.produce(name(topic), b"x", b"key")
        consumed = [TopicPartition(name("received"), 0, 1)]
        with _consumer(connection, group) as consumer:
            consumer.subscribe([name("received")])
            while not consumer.assignment():
                record = consumer.poll(0.1)
                if record is not None and record.error():
                    raise KafkaException(record.error())
            producer.send_offsets_to_transaction(consumed, consumer.consumer_group_metadata(), _PATIENCE)
        producer.commit_transaction(_PATIENCE)

    return _name_of(transaction)


def append(connection: KafkaConnection, topics: tuple[str, ...], transactional_id: str) -> str:
    """Write to topics in one transaction."""
    producer = Producer({**connection.config(), "log_level": 0, "transactional.id": connection.name(transactional_id)})

    def transaction() -> None:
        producer.init_transactions(_PATIENCE)
        producer.begin_transaction()
        for topic in topics:
            producer.produce(connection.name(topic), b"x", b"key")
        producer.commit_transaction(_PATIENCE)

    return _name_of(transaction)


def look_up(connection: KafkaConnection, topic: str, group: str) -> str:
    """Ask how far a group has come in a topic."""
    asked = ConsumerGroupTopicPartitions(connection.name(group), [TopicPartition(connection.name(topic), 0)])
    return _answered(connection, lambda admin: admin.list_consumer_group_offsets([asked]))


def move(connection: KafkaConnection, topic: str, group: str) -> str:
    """Move a group in a topic."""
    asked = ConsumerGroupTopicPartitions(connection.name(group), [TopicPartition(connection.name(topic), 0, 0)])
    return _answered(connection, lambda admin: admin.alter_consumer_group_offsets([asked]))


def delete(connection: KafkaConnection, topic: str) -> str:
    """Delete a topic."""
    return _answered(connection, lambda admin: admin.delete_topics([connection.name(topic)]))


def delete_records(connection: KafkaConnection, topic: str) -> str:
    """Delete the first record of a topic."""
    place = TopicPartition(connection.name(topic), 0, 1)
    return _answered(connection, lambda admin: admin.delete_records([place]))


def create(connection: KafkaConnection, topic: str) -> str:
    """Make a topic."""
    return _answered(connection, lambda admin: admin.create_topics([NewTopic(connection.name(topic), 1, 1)]))


def add_partitions(connection: KafkaConnection, topic: str) -> str:
    """Give a topic more partitions."""
    return _answered(connection, lambda admin: admin.create_partitions([NewPartitions(connection.name(topic), 99)]))


def alter(connection: KafkaConnection, topic: str) -> str:
    """Shorten a topic's retention."""
    entry = ConfigEntry("retention.ms", "1", incremental_operation=AlterConfigOpType.SET)
    asked = ConfigResource(ResourceType.TOPIC, connection.name(topic), incremental_configs=[entry])
    return _answered(connection, lambda admin: admin.incremental_alter_configs([asked]))


def grant(connection: KafkaConnection, principal: str) -> str:
    """Let a principal read everything."""
    rule = (ResourceType.TOPIC, "*", ResourcePatternType.LITERAL, principal, "*", AclOperation.ALL)
    return _answered(connection, lambda admin: admin.create_acls([AclBinding(*rule, AclPermissionType.ALLOW)]))


def seen(connection: KafkaConnection, patience: float = _PATIENCE) -> list[str]:
    """Return the topics that somebody sees. Raises KafkaException where nobody is let in."""
    client = AdminClient({**connection.config(), "log_level": 0})
    return sorted(client.list_topics(timeout=patience).topics)


@contextmanager
def _consumer(connection: KafkaConnection, group: str) -> Iterator[Consumer]:
    """Open a consumer as an agency would."""
    group_id = {"group.id": connection.name(group), "auto.offset.reset": "earliest"}
    more = {"isolation.level": "read_committed", "enable.auto.commit": False, "log_level": 0}
    with closing(Consumer({**connection.config(), **group_id, **more})) as consumer:
        yield consumer


def _answered(connection: KafkaConnection, ask: Callable[[AdminClient], Mapping[Any, Any]]) -> str:
    admin = AdminClient({**connection.config(), "log_level": 0})

    def answer() -> None:
        for future in ask(admin).values():
            result = future.result(_PATIENCE)
            for partition in getattr(result, "topic_partitions", ()):
                if partition.error:
                    raise KafkaException(partition.error)

    until = time.monotonic() + _PATIENCE
    while (name := _name_of(answer)) in _STARTING and time.monotonic() < until:
        time.sleep(0.1)
    return name


def _name_of(action: Callable[[], object]) -> str:
    try:
        action()
    except KafkaException as refused:
        return name_of(refused)
    return ""


def name_of(problem: KafkaException) -> str:
    """Return the name of Kafka's error."""
    error = problem.args[0]
    assert isinstance(error, KafkaError)
    return str(error.name())
