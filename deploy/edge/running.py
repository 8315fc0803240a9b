"""Runs a counter: watches its readers, serves its page, sends its events, and tells systemd that it lives."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field

from adapters.card_reader.producer.counter.behind import CounterPage
from adapters.card_reader.producer.counter.serving import serving_page
from adapters.card_reader.producer.device import BadDevice, Enrolment, load_enrolment, load_signer
from adapters.card_reader.producer.joining import is_changing_keys, rotate
from adapters.card_reader.producer.line import Line, LineDown
from adapters.card_reader.producer.outbox import Outbox
from adapters.card_reader.producer.outbox_state import look
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.producer.sealing import Sealer
from adapters.card_reader.producer.service import Counter, Readers
from adapters.card_reader.producer.uplink import Uplink
from adapters.card_reader.watching import Watcher
from deploy.edge.metrics import metrics_of
from deploy.edge.notify import notify, watchdog_seconds
from deploy.edge.run_lock import alone
from deploy.edge.settings import EdgeSettings

#: Seconds that the uplink has to finish its batch when the counter stops.
_LAST_BATCH = 10.0


@contextmanager
def opened_recorder(settings: EdgeSettings) -> Iterator[tuple[Recorder, Enrolment, Line]]:
    """Open what a device needs to keep and send events. Raises `BadDevice`, `BadAddress`, `OutboxDamaged`."""
    enrolment = load_enrolment(settings.home)
    with closing(Line(settings.hub or enrolment.hub, settings.ca_file)) as line:
        if is_changing_keys(settings.home):
            enrolment = change_key(settings, line)
        sealer = Sealer(load_signer(settings.home, enrolment), enrolment.kid, enrolment.hub_key)
        with closing(Outbox(settings.home, enrolment.device_id)) as outbox:
            yield Recorder(outbox, sealer, enrolment), enrolment, line


def change_key(settings: EdgeSettings, line: Line) -> Enrolment:
    """Give the device its next key; also the second half of a change that broke off. Raises `BadDevice`."""
    device_id = load_enrolment(settings.home).device_id
    state = look(settings.home, device_id)
    try:
        return rotate(line, settings.home, state.next if state else 1)
    except LineDown as down:
        raise BadDevice(
            f"the device's key is being changed, and the hub does not answer: {down}. Start again when it does"
        ) from None


@dataclass(slots=True)
class CounterRun:
    """One run of a counter, until it is told to stop."""

    settings: EdgeSettings
    readers: Readers
    #: Called with the page's URL when all is up.
    on_start: Callable[[str], None] = lambda _: None
    _stop: threading.Event = field(default_factory=threading.Event)
    _failure: list[BaseException] = field(default_factory=list)
    _fed: float = 0.0

    def go(self) -> None:
        """Run. SIGTERM and SIGINT stop it cleanly. Raises what `opened_recorder` raises, `EdgeBusy` and OSError."""
        for sign in (signal.SIGTERM, signal.SIGINT):
            signal.signal(sign, lambda *_: self._stop.set())
        with alone(self.settings.home), opened_recorder(self.settings) as (recorder, enrolment, line):
            counter = Counter(recorder, self.readers, enrolment.purposes)
            uplink = Uplink(line, recorder, enrolment.device_id, counter.answered)
            counter.wake = uplink.wake.set
            with serving_page(CounterPage(counter), self.settings.port, metrics_of(counter)) as url:
                self._work(counter, uplink, url)

    def _work(self, counter: Counter, uplink: Uplink, url: str) -> None:
        sending = threading.Thread(target=self._send, args=(uplink, counter), name="uplink", daemon=True)
        sending.start()
        try:
            with Watcher() as watcher:
                notify("READY=1", f"STATUS={url}")
                self.on_start(url)
                counter.watch(watcher, self._stop, self._alive)
        finally:
            notify("STOPPING=1")
            self._stop.set()
            uplink.wake.set()
            counter.desk.close()
            sending.join(_LAST_BATCH)
        if self._failure:
            raise self._failure[0]

    def _send(self, uplink: Uplink, counter: Counter) -> None:
        try:
            uplink.run(self._stop, counter.desk.touch)
        except BaseException as error:
            self._failure.append(error)
            self._stop.set()

    def _alive(self) -> None:
        """Tell systemd, three times in the time in which it wants to hear it."""
        within = watchdog_seconds()
        if within is not None and time.monotonic() - self._fed > within / 3:
            self._fed = time.monotonic()
            notify("WATCHDOG=1")
