"""How an outbox stands: for `dancu edge status` and the doctor, beside the service that works with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from adapters.card_reader.producer.outbox_file import outbox_of


class State(NamedTuple):
    """How the outbox stands. Nothing in it is about a person."""

    next: int
    waiting: int
    #: When the oldest waiting event happened (milliseconds since 1970 UTC).
    oldest: int | None
    #: What the hub did not want, by reason.
    refused: Mapping[str, int]
    #: Answers of the hub that nobody has looked at.
    alerts: int
    #: Events that were given up because they were too old.
    expired: int
    stopped: str | None
    #: When the hub last took something, and what was wrong since.
    contact: int | None
    trouble: str | None


def look(home: Path, device_id: str) -> State | None:
    """Return how a device's outbox stands, beside whoever works with it; None: there is none. Raises sqlite3.Error."""
    file = outbox_of(home, device_id)
    if not file.exists():
        return None
    with closing(sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True, timeout=5)) as connection:
        return state_of(connection)


def state_of(connection: sqlite3.Connection) -> State:
    """Return how the outbox stands that a connection is open to."""
    following, *rest = connection.execute("SELECT next, expired, stopped, contact, trouble FROM row").fetchone()
    waiting, oldest = connection.execute("SELECT count(*), min(at) FROM events").fetchone()
    refused = dict(connection.execute("SELECT reason, count(*) FROM refused GROUP BY reason").fetchall())
    alerts = connection.execute("SELECT count(*) FROM alerts").fetchone()[0]
    return State(following, waiting, oldest, refused, alerts, *rest)
