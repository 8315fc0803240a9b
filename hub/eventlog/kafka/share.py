"""Sharing a topic's partitions out among the processes of a group (cooperative: the others read on meanwhile).

This only says who works on what. Who may commit is decided by the transactional ids: a process that believes that a
partition is still its own has been fenced by the one that has it now.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, Final

from confluent_kafka import Consumer, TopicPartition

from hub.eventlog.connection import KafkaConnection

_LOG = logging.getLogger(__name__)

#: Options of a consumer that is a member.
OPTIONS: Final[dict[str, Any]] = {"partition_assignment_strategy": "cooperative-sticky", "fetch_wait_max_ms": 100}
#: Milliseconds until a dead process is noticed, and one that does not turn; unless the settings say otherwise.
_TIMES: Final = {"session.timeout.ms": 6000, "heartbeat.interval.ms": 1500, "max.poll.interval.ms": 60_000}


def times_of(connection: KafkaConnection) -> dict[str, Any]:
    """Return after how long the cluster gives a consumer up. No consumer is made without: they must fit together."""
    return {name.replace(".", "_"): value for name, value in _TIMES.items() if name not in connection.options}


def join(consumer: Consumer, topic: str, begin: Callable[[list[int]], None], end: Callable[[list[int]], None]) -> None:
    """Become a member. `begin` and `end` are called, while something is fetched, with partitions that come and go."""

    def on_assign(_: Consumer, parts: list[TopicPartition]) -> None:
        if parts:
            _LOG.info("%s: partitions %s are ours now", topic, _numbers(parts))
            begin([part.partition for part in parts])

    def on_revoke(_: Consumer, parts: list[TopicPartition]) -> None:
        if parts:
            _LOG.info("%s: partitions %s go to another process", topic, _numbers(parts))
            end([part.partition for part in parts])

    def on_lost(_: Consumer, parts: list[TopicPartition]) -> None:
        _LOG.warning(
            "%s: we were out of touch too long, and partitions %s went to another process; what we had not committed"
            " of them, it reads again",
            topic,
            _numbers(parts),
        )
        end([part.partition for part in parts])

    consumer.subscribe([topic], on_assign=on_assign, on_revoke=on_revoke, on_lost=on_lost)


def _numbers(parts: list[TopicPartition]) -> str:
    return ", ".join(str(part.partition) for part in parts)
