"""Makes processes of the hub slow: so slow that the others take their work over while they still believe it theirs."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from hub.topics import RECEIVED
from tests.faults.arena import Arena
from tests.faults.process import OURS, Process, is_at_work
from tests.faults.registry import fault

#: Seconds after which the group gives up a member that it does not hear of (`hub.eventlog.kafka.share`).
SESSION = 6.0
_CHANGE = re.compile(
    r"event='(\S+): (?:we were out of touch too long, and )?partitions ([\d, ]+) (are ours now|\w+ to another process)"
)
_LOCK = sa.text("SELECT 1 FROM progress WHERE topic = :topic AND partition = :partition FOR UPDATE")


def at_work(arena: Arena, kind: str, rng: random.Random) -> Process:
    """Choose one of the living processes of a kind that have work of their own, and wait until there is one."""

    def those() -> list[Process]:
        return [p for p in arena.processes.values() if p.words[0] == kind and p.alive and owned(p)]

    arena.await_that(those, f"a {kind} is at work")
    return rng.choice(those())


def owned(process: Process) -> set[tuple[str, int]]:
    """Return the partitions that are a process's own, by what it has said: (topic, partition)."""
    mine: set[tuple[str, int]] = set()
    for topic, numbers, change in _CHANGE.findall(process.said()):
        some = {(topic, int(number)) for number in numbers.split(", ")}
        mine = mine | some if change == OURS else mine - some
    return mine


def stand_still(arena: Arena, process: Process) -> None:
    """Stop a process until the others have taken over from it, and let it go on."""
    others = [p for p in arena.processes.values() if p.words[0] == process.words[0] and p.alive and p is not process]
    before = sum(other.said().count(OURS) for other in others)
    process.stop()
    try:
        time.sleep(SESSION)
        taken_over = f"somebody takes over from {process.name}"
        arena.await_that(lambda: sum(other.said().count(OURS) for other in others) > before, taken_over)
        arena.await_progress()
    finally:
        process.go_on()


@contextmanager
def stuck(arena: Arena, partition: int) -> Iterator[None]:
    """Let every worker wait that has events of this partition to remember, as behind a slow database."""
    engine = sa.create_engine(arena.gauge.url)
    with engine.begin() as connection:
        connection.execute(_LOCK, {"topic": RECEIVED, "partition": partition})
        yield
    engine.dispose()


def restart_each(arena: Arena) -> None:
    """Restart all processes, one after the other (SIGTERM), each when the one before has found its place again.

    A worker gets partitions. A delivery may find every feed in the hands of the others, and stands by.
    """
    for process in [p for p in arena.processes.values() if p.words[0] in ("worker", "deliver") and p.alive]:
        code = process.terminate()
        assert code == 0, f"{process.name} ended with {code}: {process.said()[-800:]}"
        process.start()
        if process.words[0] == "worker":
            arena.await_that(lambda process=process: is_at_work(process), f"{process.name} is at work again")
        arena.await_progress()


@fault("a worker stands still")
def worker_stands_still(arena: Arena, rng: random.Random) -> None:
    """A worker that has partitions stands still until the others have them."""
    stand_still(arena, at_work(arena, "worker", rng))


@fault("a delivery stands still")
def delivery_stands_still(arena: Arena, rng: random.Random) -> None:
    """A delivery that has feeds stands still until the others have them."""
    stand_still(arena, at_work(arena, "deliver", rng))


@fault("everything is restarted, one by one")
def rolling_restart(arena: Arena, _: random.Random) -> None:
    """As an operator does for a new version."""
    restart_each(arena)
