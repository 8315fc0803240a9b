"""How far another's group is, such as an agency's that reads its feed with its own client. Commits nothing."""

from __future__ import annotations

from confluent_kafka import TopicPartition

from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka.cluster import PATIENCE, Cluster
from hub.eventlog.kafka.errors import insist


def records_behind(connection: KafkaConnection, group: str, topic: str) -> int | None:
    """Return about how many records of a feed a group has still to read; None when it has committed nothing.

    It counts offsets, which have holes, so it may be a little too many. Raises `LogUnavailable`.
    """
    cluster = Cluster(connection)
    asked = [TopicPartition(connection.name(topic), 0)]
    consumer = cluster.consumer(group)
    try:
        found = insist(lambda: consumer.committed(asked, PATIENCE), f"asking how far {group} is", PATIENCE)
    finally:
        consumer.close()
    ends = cluster.ends(topic)
    return max(0, ends[0] - found[0].offset) if ends and found[0].offset >= 0 else None
