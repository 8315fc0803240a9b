"""The file under the embedded log: opening it, a connection per thread, its troubles in plain words."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from hub.eventlog import LogUnavailable

_SCHEMA_VERSION = 1
_SCHEMA = (
    "CREATE TABLE topics (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    'CREATE TABLE positions ("group" TEXT, topic TEXT, position INTEGER NOT NULL,'
    ' PRIMARY KEY ("group", topic)) WITHOUT ROWID',
    "CREATE TABLE marks (producer TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)
#: Bytes. Records of half a kilobyte append a fifth faster than with SQLite's 4096.
_PAGE_SIZE = 16384
#: Bytes to which the write-ahead file shrinks back after a large commit.
_WAL_SIZE = 64 * 1024 * 1024

#: Connections that have SQLite's usual cache (2 MB each); those of further threads have so many kilobytes.
_ROOMY, _LITTLE = 16, 256

_DAMAGED = (
    "the event log is damaged; stop dancu, move the file away together with its -wal and -shm files, and restore a copy"
)
_NO_ACCESS = "the event log can't be written; give this user write access to the file and its folder"
_LOCKED = "another process has held the log too long; look for a dancu or a backup that hangs, and stop it"
_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full, nothing was written; free some space and try again",
    sqlite3.SQLITE_NOTADB: _DAMAGED,
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_READONLY: _NO_ACCESS,
    sqlite3.SQLITE_PERM: _NO_ACCESS,
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_PROTOCOL: _LOCKED,
    sqlite3.SQLITE_IOERR: "the disk failed; check that it has space and is healthy, then try again",
}


class SqliteFile:
    """An event log's file, created when it isn't there yet. Raises `LogUnavailable` when it can't be used.

    `lock_timeout` (seconds) is how long a writer waits for another. A transaction is on the disk when
    `writing` ends (WAL, synchronous FULL); readers and the writer do not wait for each other.
    """

    def __init__(self, path: Path, lock_timeout: float) -> None:
        self._path = path.absolute()
        self._lock_timeout = lock_timeout
        self._connections: dict[int, sqlite3.Connection] = {}
        #: The threads of this process write in turn; SQLite would let the unlucky one look again and again.
        self._turns = threading.Lock()
        self._closed = False
        try:
            self._prepare()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections of all threads. Using the file afterwards is a programming error."""
        self._closed = True
        while self._connections:
            self._connections.popitem()[1].close()

    @contextmanager
    def connected(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection; what the world does to the file becomes `LogUnavailable`."""
        try:
            yield self._connection()
        except orjson.JSONDecodeError as error:  # only ever of what the file holds
            raise LogUnavailable(f"{self._path}: {_DAMAGED} (headers: {error})") from error
        except sqlite3.Error as error:
            words = _words(error, self._path)
            if words is None:
                raise
            raise LogUnavailable(f"{self._path}: {words} ({error})") from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend this thread's connection inside a transaction with the write lock: all of it or nothing."""
        with self._turns, self.connected() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                connection.rollback()
                raise

    def _connection(self) -> sqlite3.Connection:
        # By thread number: a new thread may inherit the connection of one that has ended, so none pile up.
        connection = self._connections.get(threading.get_ident())
        return self._connect() if connection is None else connection

    def _connect(self) -> sqlite3.Connection:
        if self._closed:
            raise ValueError(f"{self._path} was closed")
        connection = sqlite3.connect(
            self._path, timeout=self._lock_timeout, isolation_level=None, check_same_thread=False
        )
        self._connections[threading.get_ident()] = connection
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_SIZE}")
        if len(self._connections) > _ROOMY:
            connection.execute(f"PRAGMA cache_size = -{_LITTLE}")
        return connection

    def _prepare(self) -> None:
        with self.connected() as connection:
            connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
            mode = self._switch_to_wal(connection)
        if mode != "wal":
            raise LogUnavailable(
                f"{self._path}: this folder can't hold the event log (journal mode {mode});"
                " use a folder on a local disk"
            )
        with self.writing() as connection:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version == 0 and connection.execute("SELECT 1 FROM sqlite_master").fetchone() is None:
                for statement in _SCHEMA:
                    connection.execute(statement)
            elif version != _SCHEMA_VERSION:
                raise LogUnavailable(
                    f"{self._path}: not an event log of this dancu (version {version}, expected"
                    f" {_SCHEMA_VERSION}); use the dancu that wrote it, or choose another home folder"
                )

    def _switch_to_wal(self, connection: sqlite3.Connection) -> str:
        deadline = time.monotonic() + self._lock_timeout
        while True:
            try:
                return str(connection.execute("PRAGMA journal_mode = WAL").fetchone()[0])
            except sqlite3.OperationalError as error:
                # SQLite does not wait by itself when two processes create the same file at once.
                if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
                time.sleep(0.01)


def _code(error: sqlite3.Error) -> int:
    """Return SQLite's primary result code, or 0 for an error that Python's own layer found."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


def _words(error: sqlite3.Error, path: Path) -> str | None:
    """Say what is wrong with the world and what to do, or None for a programming error."""
    if _code(error) == sqlite3.SQLITE_CANTOPEN:
        return _why_not_opened(path)
    if "decode to UTF-8" in str(error):  # found by Python's own layer, without a code
        return _DAMAGED
    return _WORDS.get(_code(error))


def _why_not_opened(path: Path) -> str:
    if path.is_dir():
        return "this is a folder, but the event log is a file; move it away or choose another home folder"
    if not path.parent.is_dir():
        return "its folder does not exist; create it or choose another home folder"
    return _NO_ACCESS
