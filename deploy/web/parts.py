"""Gives the web application its parts of the hub."""

from __future__ import annotations

import threading
import time

from fastapi import APIRouter

from consumers.pull.feeds import Feeds
from consumers.pull.parts import Parts
from consumers.snapshot import Stores
from consumers.snapshot.routes import make_router as snapshot_router
from deploy.bootstrap import Hub, now_ms
from hub.access import Tokens
from hub.access.bearer import ByToken
from hub.deliveries import DeliveryBrowser

#: Seconds that an operator's step may take until requests follow it.
_FRESH = 2.0


def feeds_of(hub: Hub) -> Feeds:
    """Return what answers agencies that ask for their feed."""
    return Feeds(
        Parts(
            log=hub.log,
            agreements=hub.rules.agreements,
            catalogue=hub.rules.catalogue,
            open_events=hub.opening(),
            authenticate=ByToken(Tokens(hub.deliveries_db), now_ms),
            deliveries=DeliveryBrowser(hub.deliveries_db),
            may_have=hub.entitlement(),
            contacts=PullContacts(hub),
            observe=hub.observe,
        )
    )


def snapshots_of(hub: Hub, feeds: Feeds) -> APIRouter:
    """Return the route of the snapshots."""
    stores = Stores(hub.log, hub.registers_db, hub.rules, hub.opening())
    return snapshot_router(stores, hub.deliveries_db, feeds.admit)


class PullContacts:
    """Notes who asks, of those who come and fetch; and looks now and then who is suspended."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._fetching = frozenset(hub.agencies) - frozenset(hub.pushed)
        self._suspended: dict[str, str] = {}
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def asked(self, agency: str, position: int) -> None:
        """Note it. Nothing waits for the database, and it is written rarely (`hub.contacts`)."""
        if agency in self._fetching:
            self._hub.contacts.asked_behind(agency, position, now_ms())

    def suspended(self, agency: str) -> str | None:
        """Return why an operator has suspended the agency, or None."""
        with self._lock:
            if time.monotonic() - self._looked > _FRESH:
                self._suspended = {name: one.reason for name, one in self._hub.contacts.suspended().items()}
                self._looked = time.monotonic()
            return self._suspended.get(agency)
