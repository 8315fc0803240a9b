"""An SQLite file: can it be opened, and is it whole? Looks only, and for a limited time."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

from deploy.doctor.finding import Finding, ok, problem

#: Steps of SQLite's machine between two looks at the clock.
_STEPS = 20_000


def check_sqlite_file(check: str, path: Path, seconds: float) -> Finding:
    """Open a file and let SQLite examine it; what is not there yet is made by the hub."""
    if not path.exists():
        return ok(check, f"{path}: not there yet; the hub makes it")
    if not os.access(path, os.R_OK | os.W_OK):
        return problem(
            check,
            f"{path}: this user may not read and write it",
            "Cấp quyền đọc và ghi tệp cho người dùng này.",
            "Give this user read and write access to the file and its folder (`chown`), or run as its owner.",
        )
    return _look(check, path, seconds)


def uri_of(path: Path) -> str:
    """Return how SQLite opens a file and leaves no trace.

    Merely reading makes the -wal and -shm files, which would belong to whoever looked, and lock the hub out.
    """
    unused = not path.with_name(f"{path.name}-wal").exists()
    return f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if unused else ''}"


def _look(check: str, path: Path, seconds: float) -> Finding:
    deadline, uri = time.monotonic() + seconds, uri_of(path)
    try:
        with closing(sqlite3.connect(uri, uri=True, timeout=seconds)) as file:
            file.set_progress_handler(lambda: int(time.monotonic() > deadline), _STEPS)
            (answer,) = file.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_INTERRUPT:
            return ok(check, f"{path}: no damage found in the {seconds:g} s that were spent on it")
        answer = str(error)
    except sqlite3.DatabaseError as error:
        answer = str(error)
    if answer == "ok":
        return ok(check, f"{path}: whole")
    if uri != uri_of(path):  # a hub has begun to work on it meanwhile
        return _look(check, path, seconds)
    return _damaged(check, path, " ".join(answer.split()))


def _damaged(check: str, path: Path, reason: str) -> Finding:
    return problem(
        check,
        f"{path}: can't be used: {reason}",
        "Dừng hub, cất tệp hỏng đi, khôi phục bản sao lưu.",
        "Stop the hub, move the file away together with its -wal and -shm files, and restore a copy: log.db, "
        "registers.db and deliveries.db always from one and the same copy.",
    )
