"""The home folder of an embedded hub: which file is where, and who may run in it."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class HomeBusy(Exception):
    """Another process runs in this home."""


class HomeDamaged(Exception):
    """A file of the home can't be used. Says which, why, and what to do."""


_ADVICE = {
    sqlite3.SQLITE_FULL: "Make room on the disk and start again; nothing is lost.",
    sqlite3.SQLITE_IOERR: "Look whether the disk has room and is healthy, then start again.",
    sqlite3.SQLITE_BUSY: "Another program holds it; end that program and start again.",
    sqlite3.SQLITE_READONLY: "Give this user write access to the file and its folder.",
    sqlite3.SQLITE_CANTOPEN: "Give this user write access to the file and its folder.",
}


def damage(path: Path, error: BaseException) -> HomeDamaged:
    """Say what an error of SQLite means for a file of the home."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the primary code
    advice = _ADVICE.get(code, "Move the home folder away, and put a copy back or start a new one.")
    return HomeDamaged(f"{path}: can't be used: {error}. {advice}")


@dataclass(frozen=True, slots=True)
class Home:
    """The files of one hub."""

    folder: Path

    @property
    def log(self) -> Path:
        """The event log."""
        return self.folder / "log.db"

    @property
    def registers(self) -> Path:
        """What the hub knows about events and persons."""
        return self.folder / "registers.db"

    @property
    def deliveries(self) -> Path:
        """What became of every event on its way to each agency."""
        return self.folder / "deliveries.db"

    @property
    def agencies(self) -> Path:
        """The agencies' own SQLite systems, one file each."""
        return self.folder / "agencies"

    @property
    def oversized(self) -> Path:
        """Refused events that are too long for the log."""
        return self.folder / "refused"

    @property
    def worker(self) -> Path:
        """What the worker's host keeps."""
        return self.folder / "worker"

    @property
    def edge_key(self) -> Path:
        """The key to which counters seal their events."""
        return self.folder / "edge-key.json"

    @property
    def operator_token(self) -> Path:
        """The token that was made for the first operator."""
        return self.folder / "operator-token"

    def prepare(self) -> Home:
        """Make the folders that are missing; personal data is in them, so nobody else may look. Raises OSError."""
        for folder in (self.folder, self.agencies):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
        return self

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the home for one running hub. Raises `HomeBusy`, naming the process that holds it."""
        descriptor = os.open(self.folder / "run.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                holder = os.pread(descriptor, 32, 0).decode(errors="replace").strip() or "unknown"
                raise HomeBusy(
                    f"{self.folder}: a hub runs here already (process {holder}). Stop it first, or use another --home."
                ) from None
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)
