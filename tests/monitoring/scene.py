"""A real hub in a fresh home, and events to send through it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from consumers.loop import deliver_once
from deploy.bootstrap import Hub, open_hub
from deploy.settings import load_settings
from hub.destination import Event, Receipt, Rejection
from hub.intake.desk import Sent, Taken
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.topics import PIPELINE, RECEIVED
from monitoring.evidence import Stores, gather
from monitoring.status import Status, read_status
from monitoring.story import Step, Story
from monitoring.telling import tell
from schemas.catalogue import load_catalogue
from schemas.example import example


@dataclass(slots=True)
class Choosy:
    """An agency that refuses some events."""

    dislikes: set[str] = field(default_factory=set)
    taken: list[str] = field(default_factory=list)

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Take what is not disliked."""
        self.taken += [event.event_id for event in events if event.event_id not in self.dislikes]
        refused = [event.event_id for event in events if event.event_id in self.dislikes]
        return Receipt([Rejection(one, "constraint", "no title of 001090012345 here") for one in refused])


@dataclass(slots=True)
class Scene:
    """A hub with its steps to be taken one by one."""

    hub: Hub
    sent: int = 0

    def take(self, *events: dict[str, Any] | bytes) -> Taken:
        """Send events to intake."""
        pieces = []
        for event in events:
            self.sent += 1
            pieces.append(Sent(str(self.sent), event if isinstance(event, bytes) else orjson.dumps(event)))
        return self.hub.desk().take("test", pieces)

    def decide(self, clock: Callable[[], float] = time.time) -> None:
        """Let the pipeline come to the end of `received`."""
        registers = Registers(self.hub.registers_db, clock)
        while (batch := self.hub.log.read(RECEIVED, PIPELINE, 100)).records:
            process_batch(self.hub.log, registers, self.hub.rules, batch, self.hub.observe)

    def deliver(self, agency: str, *dislikes: str) -> Choosy:
        """Hand out an agency's feed until there is nothing left to do."""
        choosy = Choosy(set(dislikes))
        feed = self.hub.feed(agency, choosy)
        while not deliver_once(feed).idle:
            ...
        return choosy

    def run(self, *events: dict[str, Any] | bytes) -> None:
        """Send events and decide about them."""
        self.take(*events)
        self.decide()

    def status(self) -> Status:
        """Return how the hub stands."""
        return read_status(self.hub.log, self.hub.registers_db, self.hub.deliveries_db, self.hub.agencies)

    def story(self, event_id: str) -> Story:
        """Tell the story of an event that is known."""
        evidence = gather(Stores(self.hub.log, self.hub.registers_db, self.hub.deliveries_db), event_id)
        assert evidence is not None
        return tell(evidence, self.hub.rules.agreements)

    def steps(self, event_id: str) -> list[str]:
        """Return what happened to an event, in order."""
        return [step.what for step in self.story(event_id).steps]

    def step(self, event_id: str, what: str, agency: str | None = None) -> Step:
        """Return the one step of a kind (and an agency) in the story of an event."""
        steps = self.story(event_id).steps
        (step,) = [s for s in steps if s.what == what and agency in (None, s.agency)]
        return step


@contextmanager
def open_scene(home: Path, *, join: float = 0, wait: float = 0) -> Iterator[Scene]:
    """Open a hub that is as patient as told, in seconds."""
    with open_hub(load_settings(home=home, join_window=join, correction_wait=wait)) as hub:
        yield Scene(hub)


def an_event(type_name: str = "DeathRegistered", change: str = "CREATED", **other: Any) -> dict[str, Any]:
    """Return a valid event with some attributes of one's own."""
    return {**example(type_name, load_catalogue(), change), **other}


def again(event: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return an event like another one under a new id."""
    return {**event, "id": an_event()["id"], **other}


def later(event: dict[str, Any], change: str, **other: Any) -> dict[str, Any]:
    """Return the next version of an event's fact."""
    found = again(event, change=change, previousid=event["id"], factversion=event["factversion"] + 1)
    if change == "ANNULLED":
        del found["data"]
    return found | other
