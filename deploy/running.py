"""Runs a hub, or a part of it, in one process: the worker, and a delivery loop per agency in a thread of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from consumers.loop import deliver_forever
from deploy.bootstrap import Hub
from deploy.signs import Signs
from hub.deliveries import DeliveryBrowser
from hub.destination import Destination, Unavailable
from hub.observe import Observer, nobody
from hub.passing import passes
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox

#: Seconds that the delivery loops have to finish their batch when the hub stops.
_LAST_BATCH = 8.0


@dataclass(slots=True)
class Run:
    """One run of a hub, from its start until it is told to stop or has nothing left to do."""

    hub: Hub
    until_idle: bool = False
    #: Whether this process decides about events.
    works: bool = True
    #: The agencies whose feeds this process hands out; None: all.
    delivers: Sequence[str] | None = None
    observe: Observer = nobody
    #: Agencies whose system is not the one that the agreement names.
    destinations: Mapping[str, Destination] = field(default_factory=dict)
    #: Called every tenth of a second, for a display.
    on_pulse: Callable[[], None] = lambda: None
    #: What answers whether the process is ready; see `deploy.signs`.
    signs: Signs = field(default_factory=Signs)
    _stop: threading.Event = field(default_factory=threading.Event)
    _failure: list[BaseException] = field(default_factory=list)

    def go(self) -> None:
        """Run. SIGTERM and SIGINT stop it cleanly. Raises what broke it, such as `LogUnavailable`."""
        loops = [threading.Thread(target=self._deliver, args=(agency,), daemon=True) for agency in self._agencies]
        for loop in loops:
            loop.start()
        try:
            asyncio.run(self._work())
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, signal.SIG_IGN)  # we are stopping: once is enough
            self._stop.set()
            deadline = time.monotonic() + _LAST_BATCH  # for all of them together
            for loop in loops:
                loop.join(max(0.0, deadline - time.monotonic()))
        if self._failure:
            raise self._failure[0]

    @property
    def _agencies(self) -> Sequence[str]:
        return self.hub.pushed if self.delivers is None else self.delivers

    async def _work(self) -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        if threading.current_thread() is threading.main_thread():
            for sign in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(sign, stop.set)
        pulse = asyncio.create_task(self._watch(stop))
        try:
            if self.works:
                from hub.worker import work_until  # loads Faust, which no other command needs

                await work_until(stop, self.hub.work(self.observe, self.signs.on_work))
            await stop.wait()
        finally:
            stop.set()
            self.signs.stopping()
            await pulse

    async def _watch(self, stop: asyncio.Event) -> None:
        """Stop the run when a delivery loop broke, or when there is nothing left to do and nobody wants to wait."""
        while not stop.is_set():
            await asyncio.sleep(0.1)
            self.on_pulse()
            if self._failure or (self.until_idle and await asyncio.to_thread(self._is_idle)):
                stop.set()

    def _is_idle(self) -> bool:
        """Whether everything is decided and handed out; asked again later while the log or a database is away."""
        try:
            return (not self.works or self._all_decided()) and self._all_delivered()
        except Exception as error:
            if not passes(error):
                raise
            return False

    def _all_decided(self) -> bool:
        """Whether nothing waits to be decided. What waits for more to come is let go: no more will come."""
        if _behind(self.hub.log.extents(RECEIVED, PIPELINE)) or self.hub.lane().count():
            return False
        waiting = self.hub.waiting()
        if waiting.count():
            waiting.flush()
            return False
        return True

    def _all_delivered(self) -> bool:
        if any(_behind(self.hub.log.extents(outbox(agency), DELIVER)) for agency in self._agencies):
            return False
        browser = DeliveryBrowser(self.hub.deliveries_db)
        return not any(browser.summary(agency).due for agency in self._agencies)

    def _deliver(self, agency: str) -> None:
        try:
            on_turn = partial(self.signs.on_delivery, agency)
            feed = self.hub.feed(agency, self.destinations.get(agency), self.observe, on_turn)
            with suppress(Unavailable):
                feed.destination.deliver(())  # so that its system is there before its first event
            deliver_forever(feed, self._stop)
        except BaseException as error:
            self._failure.append(error)


def _behind(extents: Sequence[tuple[int, int]]) -> bool:
    return any(committed < last for committed, last in extents)
