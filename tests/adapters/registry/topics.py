"""Puts what a hub wrote onto a real broker, as the hub's log does: keys and headers in UTF-8."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka import Message as Read

from hub.eventlog import Message
from hub.eventlog.connection import KafkaConnection


def produce(connection: KafkaConnection, topic: str, messages: Sequence[Message]) -> None:
    """Write messages to a topic, given by its whole name, and wait until they are there."""
    producer = Producer(connection.config(enable_idempotence=True))
    for message in messages:
        headers: list[Any] = [(name, value.encode()) for name, value in message.headers.items()]
        producer.produce(topic, message.value, message.key.encode(), headers=headers)
    assert producer.flush(60) == 0


def consume(connection: KafkaConnection, topic: str, count: int) -> list[Read]:
    """Read so many messages from the start of a topic with one partition."""
    consumer = Consumer(connection.config(group_id=f"{topic}-reader", enable_auto_commit=False))
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[Read] = []
        while len(found) < count:
            messages = consumer.consume(count - len(found), timeout=60)
            assert messages, f"{len(found)} of {count} came"
            assert [one.error() for one in messages if one.error()] == []
            found += messages
        return found
    finally:
        consumer.close()
