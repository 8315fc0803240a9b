"""One process at a time works in a counter's folder."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FILE = "run.lock"


class EdgeBusy(Exception):
    """Another process runs this counter."""


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Be the one. Raises `EdgeBusy` and OSError."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / _FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise EdgeBusy(f"{home}: the counter runs here already. Stop it first: systemctl stop dancu-edge") from None
    finally:
        os.close(descriptor)


def is_running(home: Path) -> bool:
    """Whether somebody works there."""
    if not (home / _FILE).exists():
        return False
    try:
        with alone(home):
            return False
    except EdgeBusy:
        return True
