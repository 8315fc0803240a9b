"""Fault 5: processes that are too slow, and a rolling restart of all."""

from __future__ import annotations

import logging
import random
import time
from pathlib import Path

import pytest

from tests.faults.arena import Arena, arena
from tests.faults.process import Process
from tests.faults.seed import chosen_seed
from tests.faults.slowness import at_work, owned, restart_each, stand_still, stuck

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]

_LOG = logging.getLogger(__name__)
#: What a process says when it notices that others have gone on without it.
_OVERTAKEN = ("we were out of touch too long", "another worker was quicker", "another process has taken over the feed")
#: Events a second: a fault takes as long as it takes, and there must be load all the time.
_PACE = 100.0
#: Seconds without a change after which the partitions have found their places.
_REST = 4.0
#: Gives a worker up after seconds instead of a minute without a turn.
_IMPATIENT = {"DANCU_KAFKA_MAX_POLL_INTERVAL_MS": "7000"}


def test_processes_that_stand_still_are_fenced_and_go_on(tmp_path: Path) -> None:
    seed = chosen_seed()
    rng = random.Random(seed)
    with arena(tmp_path, events=30_000, seed=seed) as scene:
        scene.busy(pace=_PACE)
        for kind in ("worker", "deliver", "worker", "deliver"):
            victim = at_work(scene, kind, rng)
            before = _overtaken(victim)
            stand_still(scene, victim)
            scene.await_that(lambda v=victim, n=before: _overtaken(v) > n, f"{victim.name} notices it was overtaken")
        scene.finish("standing still")


def test_a_worker_that_is_slower_than_the_poll_interval_is_fenced_in_the_middle_of_a_batch(tmp_path: Path) -> None:
    seed = chosen_seed()
    with arena(tmp_path, events=30_000, seed=seed) as scene:
        slow = scene.make("worker1", "worker", settings=_IMPATIENT)
        slow.start()
        scene.busy(workers=1, pace=_PACE)
        for _ in range(2):
            _await_shared(scene)
            partition = min(owned(slow))[1]
            before = _overtaken(slow)
            with stuck(scene, partition):
                _LOG.warning("partition %s is stuck", partition)
                scene.await_that(lambda p=partition: _given_up(scene, slow, p), "the group gives the slow worker up")
            scene.await_that(lambda n=before: _overtaken(slow) > n, "it notices")
            scene.await_progress()
        scene.finish("slower than the poll interval")


def test_nothing_is_lost_in_a_rolling_restart_of_everything_under_load(tmp_path: Path) -> None:
    seed = chosen_seed()
    with arena(tmp_path, events=30_000, seed=seed) as scene:
        scene.busy(pace=_PACE)
        began = time.monotonic()
        restart_each(scene)
        still = scene.gauge.standstill(began)
        _LOG.warning("rolling restart of 4 processes: longest without progress: %s s", still.seconds)
        assert scene.said("go to another process")
        scene.finish("rolling restart")


def _overtaken(process: Process) -> int:
    return sum(process.said().count(words) for words in _OVERTAKEN)


def _await_shared(scene: Arena) -> None:
    """Wait until both workers have partitions and none has moved for a while: then none moves but for the fault."""
    workers = [process for process in scene.processes.values() if process.words[0] == "worker"]
    since, before = time.monotonic(), [owned(process) for process in workers]

    def rests() -> bool:
        nonlocal since, before
        now = [owned(process) for process in workers]
        if now != before or not all(now):
            since, before = time.monotonic(), now
        return time.monotonic() - since > _REST

    scene.await_that(rests, "the workers have shared the partitions")


def _given_up(scene: Arena, slow: Process, partition: int) -> bool:
    """Whether another worker has got the partition."""
    others = [p for p in scene.processes.values() if p.words[0] == "worker" and p is not slow]
    return any(("received", partition) in owned(other) for other in others)
