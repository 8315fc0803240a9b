"""The outbox's SQLite file: durable, its deleted rows overwritten, and told apart from an old copy of itself."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

_TABLES = """
CREATE TABLE IF NOT EXISTS row (
    device_id TEXT NOT NULL, next INTEGER NOT NULL, previous TEXT, inode INTEGER NOT NULL, stopped TEXT,
    expired INTEGER NOT NULL DEFAULT 0, contact INTEGER, trouble TEXT);
CREATE TABLE IF NOT EXISTS events (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, kind TEXT NOT NULL, sealed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS refused (
    sequence INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, reason TEXT NOT NULL, sealed TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS alerts (id TEXT PRIMARY KEY, at INTEGER NOT NULL, answer TEXT NOT NULL);
"""
#: Bytes that the write-ahead log keeps on the disk between two moments of work.
_LOG_KEPT = 4 << 20


class Stop(StrEnum):
    """Why no card is read."""

    full = "full"
    disk = "disk"
    restored = "restored"
    revoked = "revoked"


class Stopped(Exception):
    """No event can be kept, so no card may be read. What was kept is kept."""

    def __init__(self, why: Stop) -> None:
        super().__init__(why.value)
        self.why = why


class OutboxDamaged(Exception):
    """The outbox can't be opened. Says why and what to do."""


def outbox_of(home: Path, device_id: str) -> Path:
    """Return where the outbox of a device is: each device that this counter ever was has its own."""
    return home / f"outbox-{device_id}.db"


class OutboxFile:
    """One connection, for all threads of the one process that writes."""

    def __init__(self, home: Path, device_id: str) -> None:
        """Open the outbox of a device in its home; it is made when it is not there. Raises `OutboxDamaged`."""
        self.path = outbox_of(home, device_id)
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._connection = sqlite3.connect(self.path, isolation_level=None, timeout=10, check_same_thread=False)
            try:
                self._set_up(device_id)
            except BaseException:
                self._connection.close()
                raise
        except (OSError, sqlite3.Error) as error:
            raise OutboxDamaged(f"{self.path}: can't be used: {getattr(error, 'strerror', None) or error}") from None
        self._lock = threading.RLock()
        self._witness = os.open(self.path.with_suffix(".mark"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self.is_old_copy = self._is_old_copy()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()
            os.close(self._witness)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Do all of it, on the disk at the end, or nothing. Raises `Stopped` when the disk does not take it."""
        with self._lock:
            try:
                self._connection.execute("BEGIN IMMEDIATE")
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException as error:
                with suppress(sqlite3.Error):
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                if isinstance(error, sqlite3.Error):
                    raise Stopped(Stop.disk) from error
                raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Look at it."""
        with self._lock:
            yield self._connection

    def witness(self, following: int) -> None:
        """Note the next sequence number outside of the file, after the file has it. A power cut may undo this."""
        os.pwrite(self._witness, b"%020d\n" % following, 0)

    def _set_up(self, device_id: str) -> None:
        connection = self._connection
        for setting in ("journal_mode = WAL", "synchronous = FULL", "secure_delete = ON"):
            connection.execute(f"PRAGMA {setting}")
        connection.execute(f"PRAGMA journal_size_limit = {_LOG_KEPT}")
        connection.execute("BEGIN IMMEDIATE")
        for statement in _TABLES.split(";")[:-1]:
            connection.execute(statement)
        found = connection.execute("SELECT device_id FROM row").fetchone()
        if found is None:
            row = (device_id, 1, self.path.stat().st_ino)
            connection.execute("INSERT INTO row (device_id, next, inode) VALUES (?, ?, ?)", row)
        connection.execute("COMMIT")
        if found is not None and found[0] != device_id:
            raise OutboxDamaged(
                f"{self.path}: belongs to the device {found[0]}, but this one is {device_id}. "
                "Put both files of one device there, or enrol this counter again: dancu edge join --again"
            )

    def _is_old_copy(self) -> bool:
        """Whether numbers were given out that this file does not know of, or it is not the file that was made here."""
        following, inode = self._connection.execute("SELECT next, inode FROM row").fetchone()
        said = os.pread(self._witness, 21, 0).strip()
        noted = int(said) if said.isdigit() else 0
        return bool(noted > following or inode != self.path.stat().st_ino)
