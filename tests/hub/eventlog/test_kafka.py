"""The Kafka log: the contract, and what a cluster does to it."""

from __future__ import annotations

import time
from functools import partial

import pytest
from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic

from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from hub.eventlog.kafka.errors import error_of
from tests.hub.eventlog.contract import EventLogContract
from tests.hub.eventlog.processes import OpenLog
from tests.kafka import kafka, kafka_server  # noqa: F401


def make_topic(servers: str, name: str) -> None:
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
    return KafkaLog(connection, on_missing=partial(make_topic, connection.servers))


class TestKafkaLog(EventLogContract):
    @pytest.fixture
    def open_log(self, kafka: KafkaConnection) -> OpenLog:  # noqa: F811
        return partial(open_kafka, kafka)
