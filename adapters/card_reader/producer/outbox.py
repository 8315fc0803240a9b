"""What the hub has not acknowledged yet: sealed events, on the disk before anybody at the counter sees a result.

The numbers and links of the device's row change in the same transaction as the events, so that a kill at any moment
leaves neither a hole nor a double.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from adapters.card_reader.producer.alarms import Alarms
from adapters.card_reader.producer.event import Link
from adapters.card_reader.producer.outbox_file import OutboxFile, Stop, Stopped
from adapters.card_reader.producer.outbox_state import State, state_of
from adapters.card_reader.producer.sealing import Sealed

#: Events that wait at most: months of a busy counter, about 250 MB.
LIMIT = 200_000


class Waiting(NamedTuple):
    """An event on its way."""

    sequence: int
    id: str
    #: Milliseconds since 1970 UTC.
    at: int
    sealed: str


class Outbox:
    """The events of one device that wait, and its row of numbers. For all threads of one process."""

    def __init__(self, home: Path, device_id: str, limit: int = LIMIT) -> None:
        """Open it. Raises `OutboxDamaged`. An old copy is opened too, and takes no more events."""
        self._file = OutboxFile(home, device_id)
        self._limit = limit
        self._waiting: int = self._one("SELECT count(*) FROM events")
        self._aside: int = self._one("SELECT count(*) FROM refused")
        if self._file.is_old_copy:
            self.stop(Stop.restored)
        self.alarms = Alarms(self._file)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def check(self) -> None:
        """Raise `Stopped` when no event could be kept now: then no card is read."""
        if stopped := self._one("SELECT stopped FROM row"):
            raise Stopped(Stop(stopped))
        if self._waiting + self._aside >= self._limit:
            raise Stopped(Stop.full)

    def add(self, event_id: str, at: int, seal: Callable[[Link], Sealed]) -> int:
        """Keep an event; it is on the disk when this returns its sequence number. Raises `Stopped`."""
        self.check()
        with self._file.writing() as connection:
            link = _link(connection)
            _append(connection, "verification", Waiting(link.sequence, event_id, at, ""), seal(link))
        self._waiting += 1
        self._file.witness(link.sequence + 1)
        return link.sequence

    def expire(self, before: int, event_id: str, at: int, seal: Callable[[Link, Ranges], Sealed]) -> int:
        """Put one event that says so in the place of all that happened before a moment; return how many those were.

        The hub takes such an event however old it is, so it stays. Raises `Stopped`.
        """
        with self._file.writing() as connection:
            old = "FROM events WHERE at < ? AND kind = 'verification'"
            lost = [number for (number,) in connection.execute(f"SELECT sequence {old} ORDER BY 1", (before,))]
            if lost:
                link = _link(connection)
                connection.execute(f"DELETE {old}", (before,))
                _append(connection, "expired", Waiting(link.sequence, event_id, at, ""), seal(link, _ranges(lost)))
                connection.execute("UPDATE row SET expired = expired + ?", (len(lost),))
        if lost:
            self._waiting -= len(lost) - 1
            self._file.witness(link.sequence + 1)
        return len(lost)

    def batch(self, limit: int) -> list[Waiting]:
        """Return the oldest events that wait, in order."""
        with self._file.reading() as connection:
            query = "SELECT sequence, id, at, sealed FROM events ORDER BY sequence LIMIT ?"
            return [Waiting(*found) for found in connection.execute(query, (limit,))]

    def settle(self, taken: Sequence[Waiting], refused: Sequence[tuple[Waiting, str]], now: int) -> None:
        """Forget what the hub has, and put aside what it does not want, with the reason. Raises `Stopped`."""
        with self._file.writing() as connection:
            done = [(one.sequence,) for one in (*taken, *(one for one, _ in refused))]
            connection.executemany("DELETE FROM events WHERE sequence = ?", done)
            aside = [(one.sequence, one.id, one.at, reason, one.sealed) for one, reason in refused]
            connection.executemany("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?, ?)", aside)
            connection.execute("UPDATE row SET contact = ?, trouble = NULL", (now,))
        self._waiting -= len(done)
        self._aside += len(refused)

    def trouble(self, words: str | None) -> None:
        """Note what is wrong with the line, for `dancu edge status`. Raises `Stopped`."""
        if self._one("SELECT trouble FROM row") != words:
            with self._file.writing() as connection:
                connection.execute("UPDATE row SET trouble = ?", (words,))

    def stop(self, why: Stop) -> None:
        """Take no more events from now on, also after a restart. Raises `Stopped`."""
        with self._file.writing() as connection:
            connection.execute("UPDATE row SET stopped = ? WHERE stopped IS NOT ?", (why, Stop.restored))

    def go_on(self) -> None:
        """Take events again where only the hub's refusal was the reason to stop. Raises `Stopped`."""
        if self._one("SELECT stopped FROM row") == Stop.revoked:
            with self._file.writing() as connection:
                connection.execute("UPDATE row SET stopped = NULL")

    @property
    def waiting(self) -> int:
        """How many events wait. Unlike `state` it costs nothing."""
        return self._waiting

    def line(self) -> tuple[int | None, str | None]:
        """Return when the hub last took something (milliseconds since 1970 UTC), and what was wrong since."""
        with self._file.reading() as connection:
            contact, trouble = connection.execute("SELECT contact, trouble FROM row").fetchone()
        return contact, trouble

    def state(self) -> State:
        """Return how it stands."""
        with self._file.reading() as connection:
            return state_of(connection)

    def _one(self, query: str) -> Any:
        with self._file.reading() as connection:
            return connection.execute(query).fetchone()[0]


#: First and last sequence numbers.
Ranges = Sequence[tuple[int, int]]


def _link(connection: sqlite3.Connection) -> Link:
    return Link(*connection.execute("SELECT next, previous FROM row").fetchone())


def _append(connection: sqlite3.Connection, kind: str, event: Waiting, sealed: Sealed) -> None:
    row = (event.sequence, event.id, event.at, kind, sealed.text)
    connection.execute("INSERT INTO events VALUES (?, ?, ?, ?, ?)", row)
    connection.execute("UPDATE row SET next = ?, previous = ?", (event.sequence + 1, sealed.digest))


def _ranges(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Return rising numbers as ranges, in as few as can be."""
    ranges: list[tuple[int, int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ranges
