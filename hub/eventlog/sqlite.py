"""The embedded event log: one SQLite file, no server, for all threads and processes of one machine."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, islice
from pathlib import Path
from typing import NamedTuple, Self

import orjson

from hub.eventlog import Batch, Message, Outputs, PositionMoved, Record
from hub.eventlog.sqlite_file import SqliteFile

#: A page of records ends early when its values pass this many bytes, so that memory stays bounded.
PAGE_BYTES = 32 * 1024 * 1024
#: Rows of one INSERT: cheaper than one at a time. Five parameters each stay below any SQLite's limit (999).
_ROWS = 100


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000


class _Topic(NamedTuple):
    """The statements of a topic. Each has its own table, so that an append always goes to the right end."""

    create: str
    insert: str
    insert_many: str
    last: str
    page: str

    @classmethod
    def of(cls, number: int) -> _Topic:
        table = f"topic_{number:d}"  # a number, so no name from outside ever stands in a statement
        row = "(?, ?, ?, ?, ?)"
        return cls(
            create=f"CREATE TABLE {table}"
            " (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL,"
            " headers BLOB NOT NULL, value BLOB NOT NULL)",
            insert=f"INSERT INTO {table} VALUES {row}",  # noqa: S608
            insert_many=f"INSERT INTO {table} VALUES " + ", ".join([row] * _ROWS),  # noqa: S608
            last=f"SELECT position, at FROM {table} ORDER BY position DESC LIMIT 1",  # noqa: S608
            page=f"SELECT position, at, key, value, headers FROM {table}"  # noqa: S608
            " WHERE position > ? ORDER BY position LIMIT ?",
        )


class SqliteLog:
    """An `EventLog` and `LogBrowser` in the file `path`, which is created when it isn't there yet.

    `clock` gives milliseconds since 1970 UTC. `lock_timeout` is how many seconds a writer waits for another.
    Any number of threads may use it. Raises `LogUnavailable` when the file can't be used.
    """

    def __init__(self, path: Path, *, clock: Callable[[], int] = _milliseconds, lock_timeout: float = 30.0) -> None:
        self._clock = clock
        self._topics: dict[str, _Topic] = {}
        self._file = SqliteFile(path, lock_timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file for all threads. Using the log afterwards is a programming error."""
        self._file.close()

    def append(self, outputs: Outputs) -> None:
        """Write all of the messages and the mark, or none."""
        with self._file.writing() as connection:
            self._write(connection, outputs)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        """Return the next records of the group: the same ones until they are committed.

        At most `limit`; fewer, but at least one, when they hold more than `PAGE_BYTES`.
        """
        with self._file.connected() as connection:
            after = _group_position(connection, topic, group)
            return Batch(topic, group, after, self._page(connection, topic, after, limit))

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        """Write the outputs and move the group behind the batch: both or neither.

        An empty batch moves nothing; its outputs are written. Raises `PositionMoved` after a lost race.
        """
        with self._file.writing() as connection:
            position = _group_position(connection, batch.topic, batch.group)
            if position != batch.after:
                raise PositionMoved(f"group {batch.group} of {batch.topic} stands at {position}, not at {batch.after}")
            moved = (batch.group, batch.topic, batch.last)
            connection.execute("INSERT OR REPLACE INTO positions VALUES (?, ?, ?)", moved)
            self._write(connection, outputs)

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` records behind position `after`, in order; fewer when large, as `read`."""
        with self._file.connected() as connection:
            return self._page(connection, topic, after, limit)

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        """Return (position committed by the group, position of the topic's last record); 0 for none."""
        with self._file.connected() as connection:
            committed = _group_position(connection, topic, group)
            statements = self._topic(connection, topic)
            last = connection.execute(statements.last).fetchone() if statements else None
            return committed, last[0] if last else 0

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        """Return the same for each partition: there is one."""
        return [self.extent(topic, group)]

    def owned(self, topic: str, group: str) -> Collection[int]:  # noqa: ARG002 - the port's
        """Return the partitions that this handle reads for the group: the one that there is."""
        return (0,)

    def mark(self, producer: str) -> str | None:
        """Return the producer's last mark, or None."""
        with self._file.connected() as connection:
            row = connection.execute("SELECT value FROM marks WHERE producer = ?", (producer,)).fetchone()
            return row[0] if row else None

    def _write(self, connection: sqlite3.Connection, outputs: Outputs) -> None:
        now = self._clock()
        encoded: dict[int, tuple[Mapping[str, str], bytes]] = {}
        for name, messages in outputs.messages.items():
            if not messages:
                continue
            topic = self._topic(connection, name) or _create_topic(connection, name)
            last, at = connection.execute(topic.last).fetchone() or (0, now)
            rows = _rows(messages, last, max(now, at), encoded)
            while len(some := list(islice(rows, _ROWS))) == _ROWS:
                connection.execute(topic.insert_many, list(chain.from_iterable(some)))
            connection.executemany(topic.insert, some)
        if outputs.mark:
            mark = (outputs.mark.producer, outputs.mark.value)
            connection.execute("INSERT OR REPLACE INTO marks VALUES (?, ?)", mark)

    def _page(self, connection: sqlite3.Connection, topic: str, after: int, limit: int) -> list[Record]:
        statements = self._topic(connection, topic)
        if statements is None:
            return []
        records: list[Record] = []
        size = 0
        with closing(connection.execute(statements.page, (after, limit))) as rows:
            for position, at, key, value, headers in rows:
                records.append(Record(position, at, key, value, orjson.loads(headers)))
                size += len(value)
                if size > PAGE_BYTES:
                    break
        return records

    def _topic(self, connection: sqlite3.Connection, name: str) -> _Topic | None:
        topic = self._topics.get(name)
        if topic is None:
            row = connection.execute("SELECT id FROM topics WHERE name = ?", (name,)).fetchone()
            if row is None:
                return None
            topic = self._topics[name] = _Topic.of(row[0])
        return topic


def _group_position(connection: sqlite3.Connection, topic: str, group: str) -> int:
    row = connection.execute(
        'SELECT position FROM positions WHERE "group" = ? AND topic = ?', (group, topic)
    ).fetchone()
    return int(row[0]) if row else 0


def _create_topic(connection: sqlite3.Connection, name: str) -> _Topic:
    # Not remembered: the transaction may still be rolled back, and the number then goes to another topic.
    connection.execute("INSERT INTO topics (name) VALUES (?)", (name,))
    number = connection.execute("SELECT last_insert_rowid()").fetchone()[0]
    topic = _Topic.of(number)
    connection.execute(topic.create)
    return topic


def _rows(
    messages: Sequence[Message], last: int, at: int, encoded: dict[int, tuple[Mapping[str, str], bytes]]
) -> Iterator[tuple[int, int, str, bytes, bytes]]:
    """Yield the rows behind position `last`, encoding headers that messages share only once.

    `encoded` holds on to them, so that no other headers can come to have the same id.
    """
    for position, (key, value, headers) in enumerate(messages, last + 1):
        known = encoded.get(id(headers))
        if known is None:
            known = encoded[id(headers)] = (headers, orjson.dumps(headers, default=dict))
        yield position, at, key, known[1], value
