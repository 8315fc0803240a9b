"""Looks now and then, in the background, whether the audit trail holds and the clock is right."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import sqlalchemy as sa

from hub.audit import START, Broken, Link, check_on, last_entry
from hub.database import reading

_LOG = logging.getLogger(__name__)
#: Seconds between two looks, and how many old entries are looked at again each time.
_EVERY = 30.0
_AGAIN = 5_000
_PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. None: not known yet."""

    #: Whether every entry of the audit trail is as it was written.
    intact: bool | None = None
    entries: int | None = None
    #: When that was looked at last, in seconds since 1970 UTC.
    at: float | None = None
    #: Seconds by which our clock is ahead.
    clock_offset: float | None = None


class Integrity:
    """Checks at each look what is new in the audit trail, and a part of what is old: all of it in turn.

    So a look costs the same however long the trail is. It remembers the end too: that something was cut off there is
    seen as long as the process lives.
    """

    def __init__(
        self, engine: sa.Engine, clock_offset: Callable[[], float], clock: Callable[[], float] = time.time
    ) -> None:
        """`engine`: the database with the audit trail. `clock` returns seconds since 1970 UTC."""
        self._engine = engine
        self._clock_offset = clock_offset
        self._clock = clock
        self._end = self._again = START
        #: The last entry that was ever found good.
        self._noted = START
        self._stop = threading.Event()
        #: Whether it looks by itself; whoever wants to know more must not make it look meanwhile.
        self.is_watching = False
        self.checked = Checked()

    def look(self) -> None:
        """Look once. What can't be asked now keeps its last answer; nothing is raised."""
        for check in (self._check_clock, self._check_trail):
            try:
                check()
            except Exception as error:  # that the database is away is said elsewhere
                _LOG.info("not checked just now: %s", type(error).__name__)

    @contextmanager
    def watching(self, every: float = _EVERY) -> Iterator[None]:
        """Look every so many seconds while the block runs."""
        self._stop.clear()
        self.is_watching = True
        thread = threading.Thread(target=self._watch, args=(every,), name="integrity", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stop.set()
            self.is_watching = False
            thread.join(1.0)  # a daemon: a database that hangs keeps nobody

    def _watch(self, every: float) -> None:
        while not self._stop.is_set():
            self.look()
            self._stop.wait(every)

    def _check_clock(self) -> None:
        self.checked = replace(self.checked, clock_offset=self._clock_offset())

    def _check_trail(self) -> None:
        found = self._new() or self._old()
        entries = self._end.number
        if found is not None:
            if self.checked.intact is not False:
                _LOG.error("the audit trail does not hold: entry %d %s", found.number, found.what)
            entries = self._last()
            self._end = self._again = START  # once it is put right it counts as right, but only as a whole
        if not self._stop.is_set():
            self.checked = replace(self.checked, intact=found is None, entries=entries, at=self._clock())

    def _new(self) -> Broken | None:
        """Check what came since the last look."""
        if (last := self._last()) < self._noted.number:
            return Broken(last + 1, "is missing")
        while not self._stop.is_set():
            started = time.perf_counter()
            found = self._check(self._end)
            if isinstance(found, Broken):
                return found
            if found == self._end:
                break
            self._end = found
            self._noted = max(self._noted, found)
            self._stop.wait(time.perf_counter() - started)  # a long trail takes a while at first: events go before
        return None

    def _old(self) -> Broken | None:
        """Check a part of the rest once more."""
        for _ in range(_AGAIN // _PAGE):
            found = self._check(self._again)
            if isinstance(found, Broken):
                return found
            if found == self._again or found.number >= self._end.number:
                self._again = START
                return None
            self._again = found
        return None

    def _check(self, at: Link) -> Link | Broken:
        with reading(self._engine) as connection:
            return check_on(connection, at, self._noted, _PAGE)

    def _last(self) -> int:
        with reading(self._engine) as connection:
            last = last_entry(connection)
        return 0 if last is None else last.number
