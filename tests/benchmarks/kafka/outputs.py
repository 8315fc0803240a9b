"""What a run wrote, and whether it is what the hub's own pipeline says: another result is no figure."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from hub.eventlog import Message
from hub.eventlog.connection import KafkaConnection
from hub.topics import outbox
from tests.benchmarks.kafka.rules import AGENCIES

#: Person → digests of what was written about this person, in order.
Feed = Mapping[str, Sequence[bytes]]

#: Seconds without a message after which a topic counts as read.
_QUIET = 3.0


class OtherOutputs(Exception):
    """A run wrote something else than the hub's pipeline does. Says what."""


def digest(key: bytes, value: bytes, headers: Iterable[tuple[str, bytes]]) -> bytes:
    """Return a digest of one output: the value byte for byte, and the CloudEvents headers in any order."""
    found = hashlib.blake2b(key + b"\0" + value, digest_size=12)
    for name, text in sorted(header for header in headers if header[0].startswith("ce_")):
        found.update(name.encode() + b"=" + text + b"\0")
    return found.digest()


def expected_of(feeds: Mapping[str, Sequence[Message]]) -> dict[str, Feed]:
    """Return what every run must write, by agency."""
    return {agency: _by_person(map(_digested, feed)) for agency, feed in feeds.items()}


def check(connection: KafkaConnection, expected: Mapping[str, Feed]) -> int:
    """Return how many outputs a run wrote. Raises `OtherOutputs` unless they are those, in each person's order."""
    total = 0
    for agency in AGENCIES:
        wanted = sum(map(len, expected[agency].values()))
        found = _by_person(_read(connection, outbox(agency), wanted))
        count = sum(map(len, found.values()))
        if found != expected[agency]:
            persons = {p for p in {*found, *expected[agency]} if found.get(p) != expected[agency].get(p)}
            raise OtherOutputs(f"{agency}: {count} outputs instead of {wanted}; other ones about {len(persons)} people")
        total += count
    return total


def _digested(message: Message) -> tuple[str, bytes]:
    headers = [(name, text.encode()) for name, text in message.headers.items()]
    return message.key, digest(message.key.encode(), message.value, headers)


def _by_person(outputs: Iterable[tuple[str, bytes]]) -> dict[str, list[bytes]]:
    found: dict[str, list[bytes]] = defaultdict(list)
    for person, one in outputs:
        found[person].append(one)
    return dict(found)


def _read(connection: KafkaConnection, topic: str, wanted: int) -> Iterable[tuple[str, bytes]]:
    """Yield what is committed in a topic: what is wanted, and anything that is there beyond it."""
    options = connection.config(group_id="bench", enable_auto_commit=False, isolation_level="read_committed")
    consumer = Consumer(options)
    try:
        consumer.assign([TopicPartition(connection.name(topic), 0, OFFSET_BEGINNING)])
        count = 0
        while messages := consumer.consume(1000, 0.5 if count >= wanted else _QUIET):
            for message in messages:
                if (error := message.error()) is not None:
                    raise OtherOutputs(f"{topic}: can't be read: {error.str()}")
                key, value = message.key() or b"", message.value() or b""
                count += 1
                yield key.decode(), digest(key, value, message.headers() or ())
    finally:
        consumer.close()
