"""Fetching up to known ends: every readable record before them, however the cluster cuts them up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

from confluent_kafka import Consumer, KafkaError, Message

from hub.eventlog import LogAway
from hub.eventlog.kafka.cluster import PATIENCE
from hub.eventlog.kafka.errors import in_words, plain

_PAGE = 500


def fetch_until(consumer: Consumer, ends: Mapping[int, int], starts: Mapping[int, int]) -> Iterator[list[Message]]:
    """Yield what comes of the assigned partitions, page by page, until each has come to its end (an offset).

    A page must be used whole, with the words that a partition has no more for now (`at_end`): the next one begins
    behind it, and such a word is said once. Records behind the end may come too. Raises `LogUnavailable`.
    """
    unfinished = {part for part, end in ends.items() if starts[part] < end}
    deadline = time.monotonic() + PATIENCE
    while unfinished:
        with plain("reading"):
            messages = consumer.consume(_PAGE, 0.01)
        if messages:
            deadline = time.monotonic() + PATIENCE
        elif time.monotonic() > deadline:
            raise LogAway(
                "Kafka: nothing comes although there is something to read. `dancu doctor` looks for the reason."
            )
        for message in messages:
            part, offset = message.partition() or 0, message.offset() or 0
            if offset + (not at_end(message)) >= ends.get(part, 0):
                unfinished.discard(part)
        yield messages


def at_end(message: Message) -> bool:
    """Say whether this is no record but word that a partition has no more for now. Raises `LogUnavailable`."""
    error = message.error()
    if error is None:
        return False
    if error.code() == KafkaError._PARTITION_EOF:
        return True
    raise in_words(error, "reading")
