"""Gives the desk for devices at counters its parts of the hub."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING

import sqlalchemy as sa

from deploy.bootstrap import Hub, now_ms
from deploy.home import HomeDamaged
from deploy.settings import Settings
from hub.edge.desk import EdgeDesk
from hub.edge.devices import Devices
from hub.edge.marks import Marks
from hub.edge.oddities import Thresholds
from hub.edge.settling import Settling
from hub.edge.standing import Standings
from hub.edge.watch import Watch
from hub.eventlog import LogUnavailable

if TYPE_CHECKING:
    from fastapi import APIRouter

    from adapters.edge_intake.hub_keys import HubKeys
    from adapters.edge_intake.office import Office

_LOG = logging.getLogger(__name__)
#: What a broken world raises, rather than one event.
_UNAVAILABLE = (LogUnavailable, HomeDamaged, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
#: Seconds between two looks for silent devices and late deaths, where events come in.
_LOOK = 60.0


def thresholds_of(settings: Settings) -> Thresholds:
    """Return from when on something at a counter is odd."""
    return Thresholds(settings.edge_distant_minutes, settings.edge_silent_hours, settings.edge_window_days)


def router_of(hub: Hub) -> APIRouter:
    """Return the routes below `/edge`. Needs the extra `web`."""
    from adapters.edge_intake.routes import make_router

    return make_router(lambda: office_of(hub), _UNAVAILABLE)


def office_of(hub: Hub) -> Office:
    """Return what is done for devices. Makes the hub's key where there is none. Raises `HubKeyProblem`."""
    from adapters.edge_intake.office import Office

    keys = keys_of(hub)
    marks, thresholds = Marks(keys.secret("dancu-edge-marks")), thresholds_of(hub.settings)
    facts = Standings(hub.registers_db, hub.log, hub.rules.catalogue)
    settling = Settling(hub.deliveries_db, facts, marks, thresholds)
    desk = EdgeDesk(hub.deliveries_db, hub.desk(), settling, thresholds, now_ms)
    desk.on_turn = Lookout(Watch(hub.deliveries_db, hub.registers_db, facts, marks, thresholds))
    return Office(Devices(hub.deliveries_db), desk, keys, thresholds.window // 1000, now_ms)


def keys_of(hub: Hub) -> HubKeys:
    """Return the hub's keys. Where other processes serve the same hub nothing is made: each would make its own.

    Raises `HubKeyProblem`.
    """
    from adapters.edge_intake.hub_keys import HubKeyProblem, load, load_or_make

    file = hub.settings.edge_key_file
    if not hub.shared:
        return load_or_make(file or hub.home.edge_key)
    if file is None:
        raise HubKeyProblem(
            "DANCU_EDGE_KEY_FILE is not set: all processes of this hub need the same key. Make it once with "
            "`dancu edge hub-key --file FILE`"
        )
    return load(file)


class Lookout:
    """Lets a watch look now and then. What it can't do now, it does the next time: nobody waits for it."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._looked = float("-inf")
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Look, if it is time."""
        with self._lock:
            if time.monotonic() - self._looked < _LOOK:
                return
            self._looked = time.monotonic()
        try:
            self._watch.look(now_ms())
        except Exception as error:  # the events that came in are taken all the same
            _LOG.warning("edge: could not look for silent devices: %s", type(error).__name__)
