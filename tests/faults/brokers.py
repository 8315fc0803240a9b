"""Kills brokers: the leader of a partition, or so many that the rest can agree on nothing."""

from __future__ import annotations

import random

from confluent_kafka.admin import AdminClient

from hub.topics import RECEIVED
from tests.faults.arena import Arena
from tests.faults.registry import fault


def leader_of(arena: Arena, partition: int) -> int:
    """Return the number of the broker that leads a partition of `received`."""
    connection = arena.cluster.connection()
    topic = AdminClient(connection.config()).list_topics(connection.name(RECEIVED), timeout=15)
    return int(topic.topics[connection.name(RECEIVED)].partitions[partition].leader)


def kill_leader(arena: Arena, partition: int) -> int:
    """Kill the broker that leads a partition, and return its number."""
    number = leader_of(arena, partition)
    arena.cluster.kill(number)
    arena.kills["broker"] += 1
    return number


@fault("the leader of a partition is killed and brought back")
def without_a_leader(arena: Arena, rng: random.Random) -> None:
    """Without one of three brokers work goes on; without the only one it waits."""
    number = kill_leader(arena, rng.randrange(2))
    if len(arena.cluster.brokers) > 1:
        arena.await_progress(seconds=180)
    arena.cluster.start(number)
    arena.await_progress(seconds=180)
