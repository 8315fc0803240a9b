"""The events of the race: plain births, deaths, moves, details and corrections, and some of them sent twice.

No protected person, no second register, nothing that waits: what the rivals don't do, nobody is measured with.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from deploy.bootstrap import open_hub
from deploy.demo import life, troubles
from deploy.demo.lines import SourceLine, Story
from deploy.demo.world import World
from deploy.settings import load_settings
from hub.eventlog import Message, Outputs, records_of
from hub.intake.admit import Admission, Refused
from hub.topics import RECEIVED, outbox
from schemas.catalogue import load_catalogue
from tests.benchmarks.bare import in_pieces
from tests.benchmarks.kafka.rules import AGENCIES
from tests.benchmarks.material import SEED, decide_until

#: How often each story is told, against the others.
_WEIGHTS: dict[Story, int] = {
    life.move: 45,
    life.birth: 25,
    life.death: 12,
    life.details: 8,
    troubles.corrected: 10,
}
#: This share of the events comes a second time, byte by byte.
_TWICE = 0.02


def messages_of(count: int) -> list[Message]:
    """Return so many messages for `received`, as intake makes them. Raises RuntimeError for a line it refuses."""
    admission, now = Admission(load_catalogue()), time.time_ns() // 1_000_000
    found = []
    for raw in lines_of(count):
        message = admission.admit_bytes(raw, now)
        if isinstance(message, Refused):
            raise RuntimeError(f"the material has a line that intake refuses: {message.reason}: {message.detail}")
        found.append(message)
    return found


def lines_of(count: int) -> Iterator[bytes]:
    """Yield so many lines as registers send them."""
    rng = Random(SEED)
    world = World(count, rng, datetime.now(UTC))
    stories = list(_WEIGHTS)
    weights = list(_WEIGHTS.values())
    while world.sent < count:
        if world.recent and rng.random() < _TWICE:
            world.sent += 1
            yield world.recent[int(rng.random() * len(world.recent))].line.raw
            continue
        [story] = rng.choices(stories, weights)
        for step in story(world):
            if isinstance(step, SourceLine) and world.sent < count:
                world.sent += 1
                yield step.raw


def decided(messages: list[Message], folder: Path, agreements: Path) -> dict[str, list[Message]]:
    """Return the feeds that the hub makes of the messages, by its own pipeline on the embedded log, by agency.

    Raises RuntimeError when it sets anything aside but exact duplicates: then the race would not be a fair one.
    """
    with open_hub(load_settings(home=folder, agreements=agreements)) as hub:
        for some in in_pieces(messages, 5000):
            hub.log.append(Outputs({RECEIVED: some}))
        decide_until(hub)
        tallies = {kind: len(list(records_of(hub.log, kind))) for kind in ("refused", "withheld", "duplicates")}
        repeated = len(messages) - len({message.headers["ce_id"] for message in messages})
        if hub.waiting().count() or tallies != {"refused": 0, "withheld": 0, "duplicates": repeated}:
            raise RuntimeError(f"the material is not plain: {tallies}, of which {repeated} are exact repeats")
        return {agency: [r.message for r in records_of(hub.log, outbox(agency))] for agency in AGENCIES}
