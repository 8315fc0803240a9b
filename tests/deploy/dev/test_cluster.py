"""Brokers for tests: killed and brought back, and secured."""

from __future__ import annotations

from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from deploy.dev.security import Security
from hub.eventlog.connection import KafkaConnection
from tests.kafka import MakeTopic, StartCluster, create_topic


def write(connection: KafkaConnection, topic: str, value: bytes, seconds: int = 60) -> Any:
    """Write one record; return the error, or None once enough brokers have it."""
    errors: list[Any] = []
    producer = Producer(connection.config(delivery_timeout_ms=seconds * 1000, acks="all"))
    producer.produce(topic, value, on_delivery=lambda error, _: errors.append(error))
    producer.flush(seconds + 30)
    return errors[0]


def read(connection: KafkaConnection, topic: str, count: int) -> list[bytes | None]:
    """Return the first values of a topic with one partition."""
    consumer = Consumer(connection.config(group_id=connection.name("reader")))
    try:
        consumer.assign([TopicPartition(topic, 0, 0)])
        found = consumer.consume(count, 60)
        return [message.value() for message in found]
    finally:
        consumer.close()


def test_a_topic_is_made_under_the_name_of_the_test(kafka: KafkaConnection, make_topic: MakeTopic) -> None:
    topic = make_topic("received", 3, {"cleanup.policy": "compact"})
    assert topic == f"{kafka.prefix}received"
    found = AdminClient(kafka.config()).list_topics(topic, timeout=30).topics[topic]
    assert len(found.partitions) == 3


def test_brokers_make_no_topic_by_themselves(kafka: KafkaConnection) -> None:
    found = AdminClient(kafka.config()).list_topics(kafka.name("unknown"), timeout=30).topics[kafka.name("unknown")]
    assert found.error is not None
    assert found.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART


def test_two_of_three_brokers_are_killed_and_come_back_with_their_data_and_ports(kafka_cluster: StartCluster) -> None:
    cluster = kafka_cluster(brokers=3)
    connection = cluster.connection()
    create_topic(connection, "story")
    assert write(connection, "story", b"before") is None
    cluster.kill(1, 3)
    assert cluster.down() == (1, 3)
    assert write(connection, "story", b"while two are dead", seconds=1) is not None
    cluster.start(1, 3)
    assert cluster.down() == ()
    assert write(connection, "story", b"after") is None
    said = read(connection, "story", 2)
    assert said[0] == b"before"
    assert cluster.servers == connection.servers


def test_a_secured_broker_lets_its_users_do_what_an_acl_allows_and_its_admin_everything(
    kafka_cluster: StartCluster,
) -> None:
    secured = Security("SASL_PLAINTEXT", scram={"alice": "a-secret", "root": "r-secret"}, super_users=("User:root",))
    cluster = kafka_cluster(1, security=secured)
    create_topic(cluster.admin(), "story")

    def as_user(name: str, password: str) -> KafkaConnection:
        login = {"sasl.mechanism": "SCRAM-SHA-512", "sasl.username": name, "sasl.password": password}
        return KafkaConnection(cluster.servers, {"security.protocol": "SASL_PLAINTEXT", **login})

    assert write(as_user("root", "r-secret"), "story", b"hello") is None
    assert write(as_user("alice", "a-secret"), "story", b"hello").code() == KafkaError.TOPIC_AUTHORIZATION_FAILED
    with pytest.raises(KafkaException):
        AdminClient(as_user("root", "wrong").config()).list_topics(timeout=2)
