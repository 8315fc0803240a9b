"""One run of one contender: the material in, its processes on, watched to the end, its outputs compared."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from hub.eventlog import Message
from tests.benchmarks.kafka.arena import Arena
from tests.benchmarks.kafka.contender import Contender, last_words, running
from tests.benchmarks.kafka.outputs import Feed, check
from tests.benchmarks.kafka.topics import Progress, fill
from tests.benchmarks.kafka.watch import Stuck, Usage, watch

#: Seconds without a commit after which a contender is given up.
_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Material:
    """The events of a run, and what every contender must make of them, by agency."""

    messages: Sequence[Message]
    expected: Mapping[str, Feed]

    @property
    def outputs_per_event(self) -> float:
        """How many outputs the real job has for each event."""
        outputs = sum(len(feed) for people in self.expected.values() for feed in people.values())
        return outputs / len(self.messages)


class Lap(NamedTuple):
    """What one run showed."""

    events_per_second: float
    #: From the start of the processes until they share the work, or to the first commit; not in the figure.
    start_seconds: float
    #: Cores that each part kept busy meanwhile: the contender, the broker, PostgreSQL.
    cores: Mapping[str, float]
    #: Outputs that were compared with the hub's; 0 for what does not do the job.
    compared: int

    @property
    def microseconds(self) -> float:
        """The contender's own CPU time for each event."""
        return 1e6 * self.cores["contender"] / self.events_per_second


def run(arena: Arena, contender: Contender, material: Material) -> Lap:
    """Run a contender once. Raises `Stuck` and `OtherOutputs`: then there is no figure."""
    with arena.ground(contender) as ground:
        backlog = None if contender.members else fill(ground.connection, material.messages)
        progress = Progress(ground.connection, contender.group, contender.members)
        started = time.perf_counter()
        with running(contender, ground) as processes:
            usage = Usage({"contender": [process.pid for process in processes], **arena.servers()})

            def alive() -> bool:
                return all(process.poll() is None for process in processes)

            try:
                if backlog is None:  # several must have shared out the work before there is any
                    _wait_until_shared(progress, contender, alive)
                    ready = time.perf_counter()
                    backlog = fill(ground.connection, material.messages)
                    seen = watch(progress, backlog, usage, alive=alive, patience=_PATIENCE)
                else:
                    seen = watch(progress, backlog, usage, alive=alive, patience=_PATIENCE)
                    ready = seen.between()[0].at
                lap = Lap(seen.rate, ready - started, seen.cores(), 0)
            except Stuck as stuck:
                raise Stuck(f"{stuck}\n{last_words(ground.folder, contender.name)}") from stuck
        return lap._replace(compared=check(ground.connection, material.expected) if contender.does_the_job else 0)


def _wait_until_shared(progress: Progress, contender: Contender, alive: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + _PATIENCE
    while not progress.shared_out(contender.processes * contender.lanes):
        if time.perf_counter() > deadline or not alive():
            raise Stuck("its processes do not share the work" if alive() else "its process has ended")
        time.sleep(0.1)
