"""The memory of a file drop, beside its files: events that are in no file yet, and which ones have come before."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hub.destination import Event

#: So many ids are remembered: what comes again after a crash is among the last few thousand.
REMEMBERED = 1_000_000
_TABLES = """
CREATE TABLE IF NOT EXISTS events (
    ordinal INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL, replayed INTEGER NOT NULL,
    sequence INTEGER NOT NULL, type TEXT NOT NULL, at INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS known (ordinal INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS sets (
    number INTEGER PRIMARY KEY AUTOINCREMENT, replayed INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    made_at INTEGER NOT NULL, manifest TEXT, sha256 TEXT);
CREATE VIEW IF NOT EXISTS waiting AS SELECT * FROM events WHERE ordinal > (SELECT coalesce(max(last), 0) FROM sets);
"""


class OpenSet(NamedTuple):
    """A set whose events are chosen, and whose files are not whole yet."""

    number: int
    replayed: bool
    #: Ordinals of its first and last event.
    first: int
    last: int
    #: Milliseconds since 1970 UTC.
    made_at: int


class Journal:
    """One SQLite file, without a write-ahead log, so that it also works on a share. One process writes at a time."""

    def __init__(self, file: Path) -> None:
        """Open it; it is made when it is not there. Raises OSError and sqlite3.Error."""
        file.parent.mkdir(mode=0o700, exist_ok=True)
        self._connection = sqlite3.connect(file, isolation_level=None, timeout=30, check_same_thread=False)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute("PRAGMA secure_delete = ON")
        with self._writing() as connection:
            for statement in _TABLES.split(";")[:-1]:
                connection.execute(statement)
        file.chmod(0o600)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def add(self, events: Sequence[Event], now: int) -> None:
        """Keep those that have not come before, durably: all or none.

        One that is sent again on purpose (`Event.replayed`) is known only as long as it is in no file.
        """
        with self._writing() as connection:
            for event in events:
                if self._is_new(connection, event):
                    row = (event.event_id, event.replayed, event.sequence, event.type, now, orjson.dumps(event))
                    connection.execute(
                        "INSERT INTO events (event_id, replayed, sequence, type, at, body) VALUES (?, ?, ?, ?, ?, ?)",
                        row,
                    )

    def waiting(self) -> tuple[int, int | None]:
        """Return how many events are in no set yet, and since when the oldest of them has waited (milliseconds)."""
        count, since = self._one("SELECT count(*), min(at) FROM waiting")
        return count, since

    def choose(self, limit: int, now: int) -> None:
        """Put all that is in no set into sets: of at most so many events, none with replayed ones among others."""
        with self._writing() as connection:
            query = "SELECT ordinal, replayed FROM waiting ORDER BY ordinal"
            first = last = count = 0
            kind: int | None = None
            insert = "INSERT INTO sets (replayed, first, last, made_at) VALUES (?, ?, ?, ?)"
            for ordinal, replayed in connection.execute(query).fetchall():
                if kind is not None and (replayed != kind or count == limit):
                    connection.execute(insert, (kind, first, last, now))
                    kind = None
                if kind is None:
                    kind, first, count = replayed, ordinal, 0
                last, count = ordinal, count + 1
            if kind is not None:
                connection.execute(insert, (kind, first, last, now))

    def unwritten(self) -> OpenSet | None:
        """Return the first set whose files are not known to be whole."""
        query = "SELECT number, replayed, first, last, made_at FROM sets WHERE manifest IS NULL ORDER BY number LIMIT 1"
        found = self._connection.execute(query).fetchone()
        return OpenSet(found[0], bool(found[1]), *found[2:]) if found else None

    def events_of(self, one: OpenSet) -> Iterator[Event]:
        """Yield the events of a set, in the order in which they came."""
        query = "SELECT body FROM events WHERE ordinal BETWEEN ? AND ? ORDER BY ordinal"
        with closing(self._connection.execute(query, (one.first, one.last))) as rows:
            for (body,) in rows:
                yield Event(**orjson.loads(body))

    def counts_of(self, one: OpenSet) -> dict[str, Any]:
        """Return what the manifest tells of a set's events."""
        here = (one.first, one.last)
        types = self._connection.execute(
            "SELECT type, count(*) FROM events WHERE ordinal BETWEEN ? AND ? GROUP BY type ORDER BY type", here
        ).fetchall()
        lowest, highest = self._one(
            "SELECT min(sequence), max(sequence) FROM events WHERE ordinal BETWEEN ? AND ?", *here
        )
        return {"types": dict(types), "lowest": lowest, "highest": highest}

    def manifest_before(self, number: int) -> tuple[str | None, str | None]:
        """Return the name and the hash of the manifest of the set before one."""
        found = self._connection.execute("SELECT manifest, sha256 FROM sets WHERE number = ?", (number - 1,)).fetchone()
        return found or (None, None)

    def close_set(self, one: OpenSet, manifest: str, sha256: str) -> None:
        """Note that a set's files are whole, and forget the content of its events."""
        with self._writing() as connection:
            connection.execute(
                "UPDATE sets SET manifest = ?, sha256 = ? WHERE number = ?", (manifest, sha256, one.number)
            )
            connection.execute("DELETE FROM events WHERE ordinal BETWEEN ? AND ?", (one.first, one.last))
            connection.execute("DELETE FROM known WHERE ordinal <= (SELECT max(ordinal) FROM known) - ?", (REMEMBERED,))

    def _is_new(self, connection: sqlite3.Connection, event: Event) -> bool:
        if event.replayed:
            again = "SELECT 1 FROM waiting WHERE event_id = ? AND replayed"
            return connection.execute(again, (event.event_id,)).fetchone() is None
        noted = connection.execute("INSERT OR IGNORE INTO known (event_id) VALUES (?)", (event.event_id,))
        return noted.rowcount == 1

    def _one(self, query: str, *values: int) -> Any:
        return self._connection.execute(query, values).fetchone()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield self._connection
            self._connection.execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
