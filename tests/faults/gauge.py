"""Measures from outside whether the hub gets on: how much is decided and handed out, several times a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

#: Seconds between two looks.
_EVERY = 0.2
_QUESTION = sa.text(
    f"SELECT (SELECT coalesce(sum(position & {(1 << 40) - 1}), 0) FROM progress), (SELECT count(*) FROM deliveries)"
)


class Look(NamedTuple):
    """How far the hub was at a moment."""

    at: float
    decided: int
    delivered: int


class Standstill(NamedTuple):
    """The longest seconds without progress: of anything, of deciding, of handing out."""

    seconds: float = 0.0
    deciding: float = 0.0
    delivering: float = 0.0


@dataclass(slots=True)
class Gauge:
    """Looks into the hub's PostgreSQL in a thread of its own. A database that doesn't answer is no progress."""

    url: str
    looks: list[Look] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @contextmanager
    def running(self) -> Iterator[Gauge]:
        """Measure until the end of the block."""
        self._thread = threading.Thread(target=self._look_on, name="gauge", daemon=True)
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join(15)

    @property
    def decided(self) -> int:
        """How many events were decided when we last looked."""
        return self.looks[-1].decided if self.looks else 0

    @property
    def delivered(self) -> int:
        """How many deliveries were made when we last looked."""
        return self.looks[-1].delivered if self.looks else 0

    def standstill(self, since: float, until: float | None = None) -> Standstill:
        """Return the longest standstills between two moments of `time.monotonic()`.

        One that began before is counted from `since`, one that still lasts up to `until` (now, unless told).
        """
        end = time.monotonic() if until is None else until
        looks = [look for look in list(self.looks) if since <= look.at <= end]
        return Standstill(
            _longest([(look.at, look.decided + look.delivered) for look in looks], since, end),
            _longest([(look.at, look.decided) for look in looks], since, end),
            _longest([(look.at, look.delivered) for look in looks], since, end),
        )

    def _look_on(self) -> None:
        arguments = {"connect_timeout": 2, "tcp_user_timeout": 3000, "application_name": "gauge"}
        engine = sa.create_engine(self.url, pool_pre_ping=True, connect_args=arguments)
        while not self._stop.wait(_EVERY):
            with suppress(sa.exc.SQLAlchemyError), engine.connect() as connection:
                decided, delivered = connection.execute(_QUESTION).one()
                self.looks.append(Look(time.monotonic(), int(decided), int(delivered)))
        engine.dispose()


def _longest(seen: list[tuple[float, int]], since: float, end: float) -> float:
    moved, last, longest = since, None, 0.0
    for at, count in seen:
        if count != last:
            if last is not None:
                longest = max(longest, at - moved)
                moved = at
            last = count
    return round(max(longest, end - moved), 1)
