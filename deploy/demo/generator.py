"""The stream of the demo: stories of a synthetic population, woven into one another line by line."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from random import Random
from typing import NamedTuple

from deploy.demo import life, mistakes, papers, repeats, rights, troubles
from deploy.demo.lines import SourceLine, Story
from deploy.demo.world import World


class Rate(NamedTuple):
    """How often a story begins, against the others, and the most lines that it may take."""

    weight: int
    lines: int


#: Weights in thousandths, about: how often each story begins.
RATES: dict[Story, Rate] = {
    life.move: Rate(236, 1),
    life.birth: Rate(130, 1),
    papers.verification: Rate(130, 1),
    papers.card: Rate(110, 1),
    life.death: Rate(65, 2),
    papers.account: Rate(60, 1),
    life.marriage: Rate(35, 2),
    life.details: Rate(20, 1),
    life.divorce: Rate(12, 2),
    repeats.resent: Rate(20, 1),
    repeats.same_fact: Rate(15, 1),
    repeats.same_death: Rate(6, 2),
    repeats.same_birth: Rate(3, 2),
    repeats.released_death: Rate(2, 3),
    troubles.corrected: Rate(30, 1),
    troubles.ceased: Rate(10, 1),
    troubles.annulled: Rate(8, 1),
    troubles.annulled_birth: Rate(3, 2),
    troubles.annulled_death: Rate(4, 3),
    troubles.joined: Rate(10, 3),
    troubles.late: Rate(6, 3),
    troubles.early_correction: Rate(6, 3),
    troubles.decomposed: Rate(5, 1),
    rights.consent: Rate(35, 2),
    rights.withdrawn_consent: Rate(8, 5),
    rights.expired_consent: Rate(4, 2),
    rights.other_consent: Rate(4, 2),
    rights.strict: Rate(4, 6),
    rights.confidential: Rate(3, 5),
    rights.new_number: Rate(4, 5),
    rights.merger: Rate(3, 3),
    mistakes.mistake: Rate(20, 1),
}
#: Stories that are told a fixed number of times in a stream, however long.
FIXED: dict[Story, tuple[int, int]] = {
    troubles.bulk_addresses: (1, troubles.BULK_SIZE),
    troubles.orphan_correction: (2, 2),
}


class _Running(NamedTuple):
    """A story under way: when it goes on (in lines sent), and how many lines it may still send."""

    due: int
    order: int
    told: Iterator[SourceLine | int]
    room: int


def generate(events: int, seed: int, now: datetime) -> Iterator[SourceLine]:
    """Yield exactly `events` lines in the order in which the registers send them.

    The same `events`, `seed` and `now` (with a time zone) always give the same lines. The registers wrote
    them within the last `SPAN_DAYS` days before `now`.
    """
    rng = Random(seed)  # noqa: S311 - a synthetic population must be repeatable, not secret
    world = World(events, rng, now)
    programme = _Programme(events, rng)
    running: list[_Running] = []
    reserved = 0
    while world.sent < events:
        if running and (running[0].due <= world.sent or world.sent + reserved >= events):
            current = heapq.heappop(running)
        else:
            story, lines = programme.choose(world.sent, events - world.sent - reserved)
            current = _Running(world.sent, next(programme.order), story(world), lines)
            reserved += lines
        room = current.room
        for step in current.told:
            if isinstance(step, int):
                heapq.heappush(running, _Running(world.sent + step, current.order, current.told, room))
                break
            world.sent += 1
            room -= 1
            reserved -= 1
            yield step
        else:
            reserved -= room


class _Programme:
    """Chooses the stories: by their weights, and each at least once in a stream that is long enough."""

    def __init__(self, events: int, rng: Random) -> None:
        self.order = count()
        self._rng = rng
        self._chances = [story for story, rate in RATES.items() for _ in range(rate.weight)]
        once = [(story, rate.lines) for story, rate in RATES.items()]
        fixed = [(story, lines) for story, (times, lines) in FIXED.items() for _ in range(times)]
        enough = events > 10 * sum(lines for _, lines in once + fixed)
        #: What must still be told, from which line on; the latest first.
        self._promised = sorted(
            ((events * (0.1 + 0.6 * rng.random()), *promise) for promise in (once + fixed if enough else [])),
            key=lambda promise: -promise[0],
        )

    def choose(self, sent: int, room: int) -> tuple[Story, int]:
        """Return the next story to begin, and the most lines it takes. `room` must be 1 at least."""
        if self._promised and self._promised[-1][0] <= sent and self._promised[-1][2] <= room:
            _, story, lines = self._promised.pop()
            return story, lines
        story = self._chances[int(self._rng.random() * len(self._chances))]
        lines = RATES[story].lines
        return (story, lines) if lines <= room else (life.move, 1)
