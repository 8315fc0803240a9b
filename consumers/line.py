"""The line to the agencies: who notes that they answer, and what operators have ordered about them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from hub.contacts import Contacts, Rewind, Rewinds, Suspension
from hub.deliveries import Deliveries
from hub.eventlog import LogBrowser


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is: a clock that never jumps, and seconds since 1970 UTC."""

    monotonic: Callable[[], float] = time.monotonic
    time: Callable[[], float] = time.time


class Orders:
    """What operators have ordered, and what the schedule has: asked once in a while for all the loops of a process.

    200 loops that each ask for themselves would do little else.
    """

    def __init__(
        self,
        contacts: Contacts,
        rewinds: Rewinds,
        deliveries: Deliveries,
        every: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        """Ask again after `every` seconds. Another process may have written what was ordered."""
        self._contacts = contacts
        self._rewinds = rewinds
        self._deliveries = deliveries
        self._every = every
        self._clock = clock or Clock()
        self._lock = threading.Lock()
        self._asked: float | None = None
        self._suspended: Mapping[str, Suspension] = {}
        self._open: Mapping[str, Rewind] = {}
        self._due: Collection[str] = ()

    def suspension(self, agency: str) -> Suspension | None:
        """Return why nothing is handed out to an agency, or None."""
        with self._lock:
            self._look()
            return self._suspended.get(agency)

    def rewind(self, agency: str) -> Rewind | None:
        """Return the rewind of an agency's feed that is under way, or None."""
        with self._lock:
            self._look()
            return self._open.get(agency)

    def has_due(self, agency: str) -> bool:
        """Say whether anything that was kept back for an agency is due."""
        with self._lock:
            self._look()
            return agency in self._due

    def forget(self) -> None:
        """Ask again the next time: something has changed."""
        with self._lock:
            self._asked = None

    def _look(self) -> None:
        now = self._clock.monotonic()
        if self._asked is None or now - self._asked >= self._every:
            self._suspended, self._open = self._contacts.suspended(), self._rewinds.open()
            self._due = self._deliveries.agencies_with_due(int(self._clock.time() * 1000))
            self._asked = now


@dataclass(frozen=True, slots=True)
class Line:
    """What the loops of a process share: contacts are noted here, orders come from here."""

    contacts: Contacts
    rewinds: Rewinds
    deliveries: Deliveries
    orders: Orders
    #: Where what was handed out can be read again.
    log: LogBrowser

    @classmethod
    def of(cls, contacts: Contacts, rewinds: Rewinds, deliveries: Deliveries, log: LogBrowser) -> Line:
        """Put it together."""
        return cls(contacts, rewinds, deliveries, Orders(contacts, rewinds, deliveries), log)
