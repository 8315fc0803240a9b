"""A hub in the middle of its work, and what an agency holds after having been told this and that."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache

import orjson

from consumers.snapshot import Moment, Stores, pages
from deploy.demo.generator import generate
from hub.agreements import Agreements
from hub.destination import Event as Told
from hub.eventlog import Message, Outputs, records_of
from hub.opening import Opening
from hub.registers.today import Today
from hub.topics import RECEIVED, outbox
from tests.hub.making import ADMISSION, CATALOGUE, NOW, SHIPPED, Event, Hub, next_of

#: What an agency holds: type, fact and person → the event that says so last.
Holdings = dict[tuple[str, str, str], str]


@cache
def messages(count: int, seed: int) -> Sequence[Message]:
    """Return what intake makes of a stream with every kind of trouble, and with many annulments and corrections."""
    rng, sent = random.Random(seed), list[tuple[float, bytes]]()
    for place, line in enumerate(generate(count, seed, datetime.fromtimestamp(NOW / 1000, UTC))):
        sent.append((place, line.raw))
        with suppress(orjson.JSONDecodeError):
            sent += _undone(orjson.loads(line.raw), place, count, rng)
    found = (ADMISSION.admit_bytes(raw, NOW) for _, raw in sorted(sent))
    return [message for message in found if isinstance(message, Message)]


def _undone(event: Event, place: int, count: int, rng: random.Random) -> Iterator[tuple[float, bytes]]:
    """Yield, now and then, what annuls or corrects an event later."""
    if rng.random() < 0.25 and isinstance(event, dict) and event.get("factversion") == 1:
        change = rng.choice(("ANNULLED", "ANNULLED", "CORRECTED"))
        changed = next_of(event, f"{event['id']}-{change.lower()}", change)
        yield place + rng.random() * (count - place), orjson.dumps(changed)


def stores_of(hub: Hub) -> Stores:
    """Return what a snapshot of a hub is made from."""
    return Stores(hub.log, hub.engine, hub.rules, Opening(CATALOGUE, Today(hub.engine)))


def without(agency: str) -> Agreements:
    """Return the shipped agreements but one: that agency has not come yet."""
    return Agreements.of(one for name, one in SHIPPED.by_agency.items() if name != agency)


def join(hub: Hub) -> None:
    """Let all agreements hold from now on, as when the workers were started again."""
    hub.rules = replace(hub.rules, agreements=SHIPPED)


@dataclass
class World:
    """A hub that an agency joins on the way, and its twin, where the agency has always been."""

    hub: Hub
    twin: Hub
    pending: list[Message]
    rng: random.Random

    def work(self, steps: int) -> None:
        """Let some more come in and be decided about, in pieces of any size."""
        for _ in range(steps):
            self._append(self.rng.randint(1, 60), self.rng.choice((1, 100, 3_000)))
            if self.rng.random() < 0.7:
                self.hub.process(self.rng.randint(1, 80))

    def working(self) -> Iterator[None]:
        """Do so again and again."""
        while True:
            self.work(self.rng.randint(0, 3))
            yield

    def finish(self) -> None:
        """Let everything come in and be decided about."""
        self._append(len(self.pending), 1)
        for hub in (self.hub, self.twin):
            hub.run()
            hub.flush()

    def _append(self, count: int, milliseconds: int) -> None:
        piece = self.pending[:count]
        del self.pending[:count]
        self.hub.clock.now = self.twin.clock.now = max(self.hub.clock.now, self.twin.clock.now) + milliseconds
        for hub in (self.hub, self.twin):
            hub.log.append(Outputs({RECEIVED: piece}))


def feed(hub: Hub, agency: str, after: int = 0) -> list[Told]:
    """Return an agency's feed behind a position, as it may see it now."""
    records = list(records_of(hub.log, outbox(agency), after))
    opened = stores_of(hub).open_events(agency, records, replayed=False) if records else ()
    return [event for event in opened if isinstance(event, Told)]


def taken(hub: Hub, moment: Moment, size: int = 50, between: Iterator[None] | None = None) -> list[Told]:
    """Return the events of a snapshot; something may happen between two pages."""
    found: list[Told] = []
    for page in pages(stores_of(hub), moment, lambda: hub.clock.now, size):
        assert not page.unreadable
        found += page.events
        if between is not None:
            next(between, None)
    return found


def holdings(hub: Hub, told: Iterable[Told]) -> Holdings:
    """Return what stands for an agency that was told this, in this order: newest versions, nothing undone."""
    events = list(told)
    today = Today(hub.engine).numbers_of(list({event.subject for event in events})) if events else {}
    versions: dict[tuple[str, str, str], int] = {}
    held: Holdings = {}
    for event in events:
        key = (event.type, event.fact_id, today[event.subject][0])
        if event.fact_version <= versions.get(key, 0):
            continue
        versions[key] = event.fact_version
        held.pop(key, None)
        if event.change in ("CREATED", "CORRECTED"):
            held[key] = event.event_id
    return held
