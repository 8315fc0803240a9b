"""Runs a hub, or a part of it, in one process: the worker, and a delivery loop per agency in a thread of its own."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial

from consumers.gate import Gate, Narrow, Open
from consumers.loop import deliver_forever
from consumers.outage import Patience
from deploy.bootstrap import Hub, now_ms
from deploy.leaving import leave_soon
from deploy.replaying import runner_of
from deploy.signs import Signs
from hub.deliveries import DeliveryBrowser
from hub.destination import Destination, Unavailable
from hub.observe import Observer, nobody
from hub.passing import passes
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from replay.runner import run_replays

#: Seconds that the delivery loops have to finish their batch when the hub stops.
_LAST_BATCH = 8.0
#: Milliseconds for which at most a loop puts off what is due because the agency is away.
_PUT_OFF = 60_000


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
    #: Ends the process when the end takes too long.
    _leaving: threading.Timer | None = None
    #: Agencies that did not answer the last time.
    _away: set[str] = field(default_factory=set)

    def go(self) -> None:
        """Run. SIGTERM and SIGINT stop it cleanly. Raises what broke it, such as `LogUnavailable`."""
        # on Kafka a look at a feed waits a moment for something to come: nobody should wait for that
        gate = Open() if self.hub.shared else Narrow.among(len(self._agencies))
        loops = [threading.Thread(target=self._deliver, args=(name, gate), daemon=True) for name in self._agencies]
        if loops:
            loops.append(threading.Thread(target=self._replay, daemon=True))
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
            if self._leaving is not None:
                self._leaving.cancel()
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
                loop.add_signal_handler(sign, self._told, stop)
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

    def _told(self, stop: asyncio.Event) -> None:
        """Somebody wants the process to end."""
        stop.set()
        if self._leaving is None:
            self._leaving = leave_soon()

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
        """Whether nothing waits to be handed out now. What the schedule has put off may take days; it is not due."""
        orders = self.hub.line.orders
        agencies = [agency for agency in self._agencies if orders.suspension(agency) is None]
        if any(_behind(self.hub.log.extents(outbox(agency), DELIVER)) for agency in agencies):
            return False
        return not any(orders.rewind(agency) or self._has_due(agency) for agency in agencies)

    def _has_due(self, agency: str) -> bool:
        """While an agency is away, what was due is put off for a pause: that counts as due."""
        ahead = _PUT_OFF if agency in self._away else 0
        return DeliveryBrowser(self.hub.deliveries_db).is_due(agency, now_ms() + ahead)

    def _on_turn(self, agency: str, pause: float) -> None:
        (self._away.add if pause else self._away.discard)(agency)
        self.signs.on_delivery(agency, pause)

    def _replay(self) -> None:
        """Work on the replays that operators have started: they only make deliveries due."""
        try:
            run_replays(runner_of(self.hub), self._stop)
        except BaseException as error:
            self._failure.append(error)

    def _deliver(self, agency: str, gate: Gate) -> None:
        try:
            on_turn = partial(self._on_turn, agency)
            feed = self.hub.feed(agency, self.destinations.get(agency), self.observe, on_turn)
            feed = replace(feed, patience=Patience.among(len(self._agencies)), gate=gate)
            if self.hub.line.orders.suspension(agency) is None:
                with suppress(Unavailable):
                    feed.destination.deliver(())  # so that its system is there before its first event
            deliver_forever(feed, self._stop)
        except BaseException as error:
            self._failure.append(error)


def _behind(extents: Sequence[tuple[int, int]]) -> bool:
    return any(committed < last for committed, last in extents)
