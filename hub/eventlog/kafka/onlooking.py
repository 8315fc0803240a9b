"""How far another's group is, such as an agency's that reads its feed with its own client. Commits nothing."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from confluent_kafka import TopicPartition

from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka.browser import Browser
from hub.eventlog.kafka.cluster import PATIENCE, Cluster
from hub.eventlog.kafka.errors import insist
from hub.eventlog.kafka.place import Place
from hub.eventlog.kafka.places import Places


class Standing(NamedTuple):
    """How far a group is in a feed."""

    #: Kafka's offset of the next record that it will read.
    offset: int
    #: Records that it has still to read. Up to about a thousand they are counted; beyond that offsets stand for
    #: records, so it may be somewhat too many.
    behind: int


class Onlooker:
    """Asks how far groups are. Any number of threads may use it."""

    def __init__(self, connection: KafkaConnection) -> None:
        """Connect."""
        self._cluster = Cluster(connection)

    def standing(self, group: str, topic: str) -> Standing | None:
        """Return how far a group is; None when it has committed nothing. Raises `LogUnavailable`."""
        asked = [TopicPartition(self._cluster.connection.name(topic), 0)]
        with closing(self._cluster.consumer(group)) as consumer:
            found = insist(lambda: consumer.committed(asked, PATIENCE), f"asking how far {group} is", PATIENCE)
        if found[0].offset < 0:
            return None
        with closing(Browser(self._cluster, Places(self._cluster))) as browser:
            # a place of its own: what matters is how many come behind it
            extents = browser.extents(topic, {0: Place(found[0].offset, 0, 0)})
        return Standing(found[0].offset, extents[0][1]) if extents else None


def records_behind(connection: KafkaConnection, group: str, topic: str) -> int | None:
    """Return how many records of a feed a group has still to read; None when it has committed nothing.

    Raises `LogUnavailable`.
    """
    found = Onlooker(connection).standing(group, topic)
    return None if found is None else found.behind
