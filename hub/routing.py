"""Keeps every event of one person in one partition, in the order of intake, whatever number it comes under.

A key leads to a partition. When an event says that numbers of different partitions are one person's, all of them move
to the highest of these partitions (so that positions still rise with time for that person), and what comes there must
wait until the others have been decided up to where they were at that moment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Protocol

import sqlalchemy as sa

from hub import headers as h
from hub.database import among, take_turns
from hub.eventlog import Message, Outputs
from hub.registers import tables as t
from hub.topics import RECEIVED

#: Done together by those who append, alone by whoever moves a person.
_LOCK = 0x64616E6375_01


class Partitions(Protocol):
    """What is asked of a log with several partitions."""

    def home_of(self, topic: str, key: str) -> int:
        """Return the partition that a key leads to."""

    def ends(self, topic: str) -> Mapping[int, int]:
        """Return for each partition the offset behind its very last record."""


class Routes:
    """Where the events of a number go. In the registers' database, shared by everybody who appends."""

    def __init__(self, engine: sa.Engine, partitions: Partitions) -> None:
        """Use the registers' database, on PostgreSQL."""
        self._engine = engine
        self._partitions = partitions

    @contextmanager
    def placing(self, outputs: Outputs) -> Iterator[Outputs]:
        """Give each message its partition, which nobody changes until the block ends: append within it."""
        messages = outputs.messages.get(RECEIVED, ())
        keys = {message.key for message in messages if message.key}
        if not keys:
            yield outputs
            return
        for message in messages:
            if h.NUMBERS in message.headers:
                self._bring_together([message.key, *filter(None, message.headers[h.NUMBERS].split(","))])
        with self._engine.begin() as connection:
            take_turns(connection, _LOCK, together=True)
            rows = connection.execute(sa.select(t.routes).where(among(t.routes.c.number, keys))).all()
            routes = {row.number: {h.PARTITION: str(row.partition), h.AFTER: row.after} for row in rows}
            placed = [_placed(message, routes) for message in messages] if routes else messages
            yield replace(outputs, messages={**outputs.messages, RECEIVED: placed})

    def _bring_together(self, numbers: Sequence[str]) -> None:
        """Let the events of these numbers, and of all that were one person's with them before, go one way."""
        c = t.routes.c
        with self._engine.begin() as connection:
            take_turns(connection, _LOCK)  # waits for those who append now
            named = connection.execute(sa.select(t.routes).where(among(c.number, numbers))).all()
            clusters = {row.cluster for row in named}
            if len(named) == len(set(numbers)) and len(clusters) == 1:
                return
            every = connection.execute(sa.select(t.routes).where(among(c.cluster, clusters))).all()
            homes = {number: self._partitions.home_of(RECEIVED, number) for number in numbers}
            homes |= {row.number: row.partition for row in every}
            target = max(homes.values())
            ends = self._partitions.ends(RECEIVED)
            before = {part: ends[part] for part in homes.values() if part != target}
            for row in every:
                before = {**_read(row.after), **before}
            after = ",".join(f"{part}:{offset}" for part, offset in sorted(before.items()) if part != target)
            connection.execute(sa.delete(t.routes).where(among(c.number, homes)))
            rows = [{"number": n, "cluster": min(homes), "partition": target, "after": after} for n in homes]
            connection.execute(sa.insert(t.routes), rows)


def _placed(message: Message, routes: Mapping[str, Mapping[str, str]]) -> Message:
    route = routes.get(message.key)
    return message if route is None else message._replace(headers={**message.headers, **route})


def _read(after: str) -> dict[int, int]:
    return {int(part): int(offset) for part, _, offset in (one.partition(":") for one in after.split(",") if one)}
