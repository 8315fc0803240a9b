"""The bare SQLite that limits are measured with: the same rows, as durable, and nothing around them."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from tests.benchmarks.workplace import stopwatch

#: A topic of the log, as `hub.eventlog.sqlite` makes it.
TOPIC = (
    "CREATE TABLE rows (position INTEGER PRIMARY KEY, at INTEGER NOT NULL, key TEXT NOT NULL,"
    " headers BLOB NOT NULL, value BLOB NOT NULL)"
)


def insert_seconds(folder: Path, create: Sequence[str], rows: Sequence[Sequence[Any]], per_commit: int) -> float:
    """Return how long `executemany` takes for the rows, in transactions that are on the disk when they end.

    `create` makes the table `rows` (and its indexes).
    """
    statement = f"INSERT INTO rows VALUES ({', '.join('?' * len(rows[0]))})"
    with bare_file(folder) as connection:
        for made in create:
            connection.execute(made)
        with stopwatch() as watch:
            for some in in_pieces(rows, per_commit):
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany(statement, some)
                connection.execute("COMMIT")
    return watch.wall


@contextmanager
def bare_file(folder: Path) -> Iterator[sqlite3.Connection]:
    """Open a new file with the hub's durability (WAL, synchronous FULL); it is gone afterwards."""
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        connection = sqlite3.connect(Path(scratch) / "bare.db", isolation_level=None)
        with closing(connection):
            connection.execute("PRAGMA page_size = 16384")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            yield connection


def in_pieces(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    """Yield the items, so many at once."""
    rest = iter(items)
    while piece := list(islice(rest, size)):
        yield piece
