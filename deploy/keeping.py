"""Keeps the cases of linked procedures up to date beside a run, or brings them up to date when it ends."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from deploy.bootstrap import Hub, now_ms
from deploy.procedures import procedures_of
from hub.passing import passes
from hub.procedures.calendar import of_vietnam
from hub.procedures.keeper import Keeper
from hub.procedures.writing import Moved
from hub.topics import PIPELINE, RECEIVED

_LOG = logging.getLogger(__name__)
#: Seconds between two looks when nothing is new; on Kafka, where each asks the cluster; and after something went wrong.
_PAUSE, _SHARED_PAUSE, _LONG_PAUSE = 1.0, 5.0, 10.0
#: After each piece the keeper rests for so many times as long: events go before.
_REST = 9
#: Seconds that a stop waits for a piece, and how often the end tries again when another keeper was quicker.
_LAST_PIECE, _TRIES = 5.0, 20


def keeper_of(hub: Hub) -> Keeper:
    """Return what keeps the cases of a hub. Raises `BadSetting` for procedures that can't be followed."""

    def asked_behind() -> Mapping[str, int]:
        known = hub.contacts.all()
        return {name: known[name].asked_behind or 0 for name in hub.fetching if name in known}

    rules = procedures_of(hub.settings, hub.rules.catalogue, hub.agencies)
    days = of_vietnam(rules.days_off, rules.working_days)
    return Keeper(hub.log, hub.registers_db, hub.deliveries_db, rules, days, now_ms, asked_behind)


@contextmanager
def keeping(hub: Hub, *, until_idle: bool = False) -> Iterator[None]:
    """Keep the cases up to date while the block runs; `until_idle`: once, when it has left nothing undecided."""
    keeper = keeper_of(hub)
    if until_idle:
        yield
        if all(committed >= last for committed, last in hub.log.extents(RECEIVED, PIPELINE)):
            catch_up(keeper)
        return
    stop = threading.Event()
    thread = threading.Thread(
        target=_keep, args=(keeper, stop, _SHARED_PAUSE if hub.shared else _PAUSE), name="procedures", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LAST_PIECE)


def catch_up(keeper: Keeper) -> None:
    """Bring the cases up to date, while others may keep them too."""
    for _ in range(_TRIES):
        try:
            keeper.catch_up()
        except Moved:
            time.sleep(random.random() / 10)  # noqa: S311 - so that two do not meet again
        else:
            return


def _keep(keeper: Keeper, stop: threading.Event, idle: float) -> None:
    pause, told = 0.0, ""
    while not stop.wait(pause):
        started = time.monotonic()
        try:
            more = keeper.step()
        except Moved:
            pause = idle * (1 + random.random())  # noqa: S311
        except Exception as error:  # the hub runs all the same; what was not written is looked at again
            if not passes(error) and told != type(error).__name__:  # once is enough
                told = type(error).__name__
                _LOG.warning("linked procedures can't be followed: %s", told)
            pause = _LONG_PAUSE
        else:
            pause = _REST * (time.monotonic() - started) if more else idle
