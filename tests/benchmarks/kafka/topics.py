"""The topics of one run: made anew under a prefix of its own, filled, and how far a group has come in them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as Produced
from confluent_kafka.admin import AdminClient, NewTopic

from hub.eventlog import Message
from hub.eventlog.connection import KafkaConnection
from hub.topics import DUPLICATES, RECEIVED, REFUSED, WITHHELD, outbox
from tests.benchmarks.kafka.rules import AGENCIES

PARTITIONS = 8
#: Of the hub's own: producers' marks, and where each position stands.
_COMPACTED = ("dancu.marks", "dancu.places")
_WAIT = 30.0


@cache
def _admin(servers: str) -> AdminClient:
    """Return the one client that asks and orders. It stays: one that is collected right after an answer can crash."""
    return AdminClient({"bootstrap.servers": servers, "log_level": 0})


def make_topics(connection: KafkaConnection) -> None:
    """Create what a run writes and reads, as the hub has it."""
    single = [*(outbox(agency) for agency in AGENCIES), REFUSED, WITHHELD, DUPLICATES]
    topics = [
        NewTopic(connection.name(RECEIVED), PARTITIONS, 1),
        *(NewTopic(connection.name(name), 1, 1) for name in single),
        *(NewTopic(connection.name(name), 1, 1, config={"cleanup.policy": "compact"}) for name in _COMPACTED),
    ]
    admin = _admin(connection.servers)
    for made in admin.create_topics(topics, operation_timeout=_WAIT).values():
        made.result(_WAIT)


def drop_topics(connection: KafkaConnection) -> None:
    """Remove everything of a run, also what the framework made for itself."""
    admin = _admin(connection.servers)
    names = [name for name in admin.list_topics(timeout=_WAIT).topics if name.startswith(connection.prefix)]
    for dropped in admin.delete_topics(names, operation_timeout=_WAIT).values() if names else ():
        dropped.result(_WAIT)


@dataclass(slots=True)
class Backlog:
    """Which offsets of `received` hold events, so that committed offsets can be told as events."""

    offsets: Mapping[int, Sequence[int]] = field(default_factory=dict)

    @property
    def events(self) -> int:
        """How many there are."""
        return sum(map(len, self.offsets.values()))

    def behind(self, committed: Mapping[int, int]) -> int:
        """Return how many events lie before the committed offsets."""
        return sum(bisect_left(self.offsets[part], offset) for part, offset in committed.items())


def fill(connection: KafkaConnection, messages: Iterable[Message]) -> Backlog:
    """Put the events into `received`, keyed by person, as any producer would. Raises RuntimeError."""
    offsets: dict[int, list[int]] = {number: [] for number in range(PARTITIONS)}
    failures: list[KafkaError] = []

    def on_delivery(error: KafkaError | None, made: Produced) -> None:
        if error is not None:
            failures.append(error)
        else:
            offsets[made.partition() or 0].append(made.offset() or 0)

    producer = Producer(connection.config(linger_ms=20, enable_idempotence=True, partitioner="murmur2_random"))
    for message in messages:
        headers: list[tuple[str, str | bytes]] = [*message.headers.items()]
        key, topic = message.key.encode(), connection.name(RECEIVED)
        producer.produce(topic, message.value, key, headers=headers, on_delivery=on_delivery)
        producer.poll(0.1 if len(producer) > 50_000 else 0)
    if producer.flush(_WAIT) or failures:
        raise RuntimeError(f"the broker did not take the material: {failures[0].str() if failures else 'too slow'}")
    return Backlog(offsets)


class Progress:
    """How far a group has come in `received`. What the cluster can't say at the moment is as it was."""

    def __init__(self, connection: KafkaConnection, group: str, members: str | None = None) -> None:
        """Look without being a member. `members`: the group that shares, if it is another one."""
        self._members = connection.name(members or group)
        self._admin = _admin(connection.servers)
        # A consumer that reads nothing: AdminClient.list_consumer_group_offsets crashes the process in librdkafka
        # when a coordinator answers that it is loading or has moved.
        self._consumer = Consumer(connection.config(group_id=connection.name(group), enable_auto_commit=False))
        self._asked = [TopicPartition(connection.name(RECEIVED), number) for number in range(PARTITIONS)]
        self._committed: dict[int, int] = {}

    def committed(self) -> dict[int, int]:
        """Return the committed offset of each partition that has one."""
        with suppress(KafkaException):  # the coordinator moves, or loads
            found = self._consumer.committed(self._asked, timeout=_WAIT)
            self._committed = {part.partition: part.offset for part in found if part.offset >= 0}
        return self._committed

    def members(self) -> dict[str, list[int]]:
        """Return the partitions of each member; empty while the group is not stable."""
        try:
            described: dict[str, Any] = self._admin.describe_consumer_groups([self._members])
            group = described[self._members].result(_WAIT)
        except KafkaException:
            return {}
        if group.state.name != "STABLE":
            return {}
        return {
            member.member_id: [part.partition for part in member.assignment.topic_partitions]
            for member in group.members
        }

    def shared_out(self, members: int) -> bool:
        """Say whether the group has so many members, and each has partitions."""
        shares = self.members()
        return len(shares) == members and all(shares.values())
