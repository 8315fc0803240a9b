"""How long a killed worker's partitions stand still: taken over by another worker, or by the same one started again."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from contextlib import ExitStack

from tests.benchmarks.kafka.arena import Arena
from tests.benchmarks.kafka.contender import Contender, Ground, end, hub, last_words, start
from tests.benchmarks.kafka.outputs import check
from tests.benchmarks.kafka.race import Material
from tests.benchmarks.kafka.topics import Backlog, Progress, fill
from tests.benchmarks.kafka.watch import Stuck

_PATIENCE = 120.0
#: What the killed process had sent may still be committed within so many seconds.
_SETTLES = 0.3
_PAUSE = 0.05


class _Workers:
    """Workers that are started and killed one by one."""

    def __init__(self, contender: Contender, ground: Ground, stack: ExitStack) -> None:
        self.progress = Progress(ground.connection, contender.group, contender.members)
        self._contender, self._ground, self._stack = contender, ground, stack
        self._started = 0

    def start(self) -> subprocess.Popen[bytes]:
        """Start one more; it ends with the stack."""
        process = start(self._contender, self._ground, self._started, self._stack)
        self._started += 1
        self._stack.callback(end, process)
        self._stack.callback(process.terminate)
        return process

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Wait until something is so. Raises `Stuck`."""
        deadline = time.perf_counter() + _PATIENCE
        while not done():
            if time.perf_counter() > deadline:
                raise Stuck(f"recovery: {what} never came\n{last_words(self._ground.folder, self._contender.name)}")
            time.sleep(_PAUSE)


def taken_over(arena: Arena, material: Material) -> dict[str, float]:
    """Kill one of two workers; return the seconds until its first and its last partition go on."""
    contender = hub(2)
    with arena.ground(contender) as ground, ExitStack() as stack:
        workers = _Workers(contender, ground, stack)
        progress = workers.progress
        workers.start()
        workers.wait("the first worker", lambda: progress.shared_out(contender.lanes))
        first = set(progress.members())
        victim = workers.start()
        workers.wait("the second worker", lambda: progress.shared_out(2 * contender.lanes))
        parts = [part for member, some in progress.members().items() if member not in first for part in some]
        backlog = fill(ground.connection, material.messages)
        workers.wait("a commit", lambda: _behind(backlog, progress, parts) > 0)
        first_seconds, all_seconds = _kill_and_wait(workers, victim, parts, backlog)
        _finish(workers, backlog, ground, material)
    return {"first partition, s": first_seconds, "all its partitions, s": all_seconds, "partitions": len(parts)}


def started_again(arena: Arena, material: Material) -> float:
    """Kill the only worker and start another at once; return the seconds until a partition goes on."""
    contender = hub(1)
    with arena.ground(contender) as ground, ExitStack() as stack:
        workers = _Workers(contender, ground, stack)
        victim = workers.start()
        workers.wait("the worker", lambda: workers.progress.shared_out(contender.lanes))
        backlog = fill(ground.connection, material.messages)
        parts = list(backlog.offsets)
        workers.wait("a commit", lambda: _behind(backlog, workers.progress, parts) > 0)
        seconds, _ = _kill_and_wait(workers, victim, parts, backlog, then=workers.start)
        _finish(workers, backlog, ground, material)
    return seconds


def _kill_and_wait(
    workers: _Workers,
    victim: subprocess.Popen[bytes],
    parts: list[int],
    backlog: Backlog,
    then: Callable[[], object] = lambda: None,
) -> tuple[float, float]:
    """Return the seconds until the first, and until every partition that has events left has moved."""
    victim.kill()
    killed = time.perf_counter()
    then()
    time.sleep(_SETTLES)
    before = workers.progress.committed()
    left = [p for p in parts if backlog.offsets[p] and before.get(p, 0) <= backlog.offsets[p][-1]]
    if not left:
        raise Stuck("recovery: everything was done before the kill: more events are needed")
    moved: dict[int, float] = {}

    def all_moved() -> bool:
        now, offsets = time.perf_counter() - killed, workers.progress.committed()
        moved.update({p: now for p in left if p not in moved and offsets.get(p, 0) > before.get(p, 0)})
        return len(moved) == len(left)

    workers.wait("progress after the kill", all_moved)
    return min(moved.values()), max(moved.values())


def _finish(workers: _Workers, backlog: Backlog, ground: Ground, material: Material) -> None:
    """Wait for the end and compare: nothing may be lost or doubled by the kill."""
    workers.wait("the end", lambda: backlog.behind(workers.progress.committed()) == backlog.events)
    check(ground.connection, material.expected)


def _behind(backlog: Backlog, progress: Progress, parts: list[int]) -> int:
    committed = progress.committed()
    return backlog.behind({part: committed[part] for part in parts if part in committed})
