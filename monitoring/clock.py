"""How far this machine's clock is off: against the database's, or, where there is only this machine, its jumps."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

import sqlalchemy as sa

from hub.database import reading

#: Seconds for which a jump is told.
_HOUR = 3600.0
_NOW = "SELECT extract(epoch FROM clock_timestamp())"


def offset_of(engine: sa.Engine) -> Callable[[], float]:
    """Return what says by how many seconds our clock is ahead (below 0: behind)."""
    if engine.dialect.name == "postgresql":
        return lambda: ahead_of_database(engine)
    return Jumps()


def ahead_of_database(engine: sa.Engine, clock: Callable[[], float] = time.time) -> float:
    """Return by how many seconds our clock is ahead of PostgreSQL's, but for what the asking itself may have taken."""
    with reading(engine) as connection:
        connection.exec_driver_sql("SELECT 1")  # so that connecting is not counted
        before = clock()
        there = float(connection.exec_driver_sql(_NOW).scalar_one())
        after = clock()
    away, doubt = (before + after) / 2 - there, (after - before) / 2
    return max(0.0, away - doubt) if away > 0 else min(0.0, away + doubt)


def steady() -> float:
    """Return seconds that only go forwards, also while the machine sleeps where the system can tell."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Jumps:
    """How far the wall clock has jumped within an hour, against one that nobody sets."""

    def __init__(self, wall: Callable[[], float] = time.time, forwards: Callable[[], float] = steady) -> None:
        self._wall = wall
        self._forwards = forwards
        self._seen: deque[tuple[float, float]] = deque()
        self()

    def __call__(self) -> float:
        """Return the jump in seconds; ask now and then, at least once an hour."""
        now = self._forwards()
        apart = self._wall() - now
        self._seen.append((now, apart))
        while self._seen[0][0] < now - _HOUR:
            self._seen.popleft()
        return apart - self._seen[0][1]
