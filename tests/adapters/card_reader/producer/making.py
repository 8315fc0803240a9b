"""Devices, findings and outboxes for the tests of the producer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from adapters.card_reader.producer.device import Enrolment, NotJoined, load_enrolment, load_signer
from adapters.card_reader.producer.event import Finding, Link, Moment, Place, Result, new_id, verification
from adapters.card_reader.producer.joining import join
from adapters.card_reader.producer.line import Line
from adapters.card_reader.producer.outbox import LIMIT, Outbox, Waiting
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.producer.sealing import Sealed, Sealer
from adapters.card_reader.producer.uplink import Uplink
from tests.adapters.card_reader.virtual.personal import MINH

NOW = 1_795_000_000_000
DAY = 86_400_000
FOUND = Finding("health-check-in", Result.CHIP_PA, None, MINH.number, MINH.number[-9:])


class Joinable(Protocol):
    """A hub that devices can join with a code."""

    @property
    def url(self) -> str: ...

    @property
    def code(self) -> str: ...


@dataclass
class TestClock:
    """A clock that stands, until it is set."""

    __test__ = False

    at: int = NOW
    state: str = "synced"

    def __call__(self) -> Moment:
        return Moment(self.at, self.state)


@dataclass
class Device:
    """A device that has joined, with all its parts."""

    recorder: Recorder
    uplink: Uplink
    enrolment: Enrolment
    clock: TestClock
    answers: list[tuple[Waiting, Mapping[str, Any]]] = field(default_factory=list)

    @property
    def outbox(self) -> Outbox:
        return self.recorder.outbox

    def send_all(self, turns: int = 1000) -> None:
        """Let the uplink work until nothing waits. It does not wait between its turns."""
        for _ in range(turns):
            if not self.outbox.state().waiting:
                return
            self.uplink.turn()
        raise AssertionError("it does not come to an end")


def joined(hub: Joinable, home: Path, ca: Path | None = None) -> Enrolment:
    """Enrol a device whose files are in a folder."""
    with closing(Line(hub.url, ca)) as line:
        return join(line, home, hub.url, hub.code, "quầy thử")


@contextmanager
def a_device(hub: Joinable, home: Path, limit: int = LIMIT, ca: Path | None = None) -> Iterator[Device]:
    """Open the device of a folder; it joins if it has not."""
    try:
        enrolment = load_enrolment(home)
    except NotJoined:
        enrolment = joined(hub, home, ca)
    clock = TestClock()
    sealer = Sealer(load_signer(home, enrolment), enrolment.kid, enrolment.hub_key)
    with closing(Outbox(home, enrolment.device_id, limit)) as outbox, closing(Line(hub.url, ca)) as line:
        recorder, answers = Recorder(outbox, sealer, enrolment, clock), list[tuple[Waiting, Mapping[str, Any]]]()
        uplink = Uplink(line, recorder, enrolment.device_id, lambda *said: answers.append(said))
        yield Device(recorder, uplink, enrolment, clock, answers)


def an_event(finding: Finding = FOUND) -> dict[str, object]:
    """Return an event as it is composed."""
    return verification(finding, Place("edge-test", "01-00004-01"), Moment(NOW, "synced"), Link(1, None), new_id())


def plain(event_id: str, link: Link) -> Sealed:
    """Return something that takes the place of a sealed event, where only the row matters."""
    return Sealed(f"sealed-{link.sequence}-{event_id}", f"{link.sequence:043d}")


def put(outbox: Outbox, at: int = NOW) -> int:
    """Keep something."""
    event_id = new_id()
    return outbox.add(event_id, at, partial(plain, event_id))
