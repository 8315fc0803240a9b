"""Kills the hub's processes (SIGKILL) while they are at work, at moments that nobody chose."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.faults.arena import Arena
from tests.faults.process import Process, is_at_work
from tests.faults.registry import fault

#: Seconds of work after which a process is killed, at most: one that takes files in has done in a moment.
_LONGEST = {"worker": 1.0, "deliver": 1.0, "ingest": 0.15}
#: A file is taken in however often that is killed, but the supply has to go on.
_KILLS_PER_FILE = 6
_MOMENT = 0.01


@dataclass(slots=True)
class Killer:
    """Kills each process some moments after it has begun to work, and starts it again."""

    arena: Arena
    rng: random.Random
    _due: dict[str, float] = field(default_factory=dict)

    def kill_until(self, goal: Mapping[str, int], seconds: float) -> None:
        """Kill until there were so many kills of each kind. Fails when they take longer than `seconds`."""
        deadline = time.monotonic() + seconds
        while any(self.arena.kills[kind] < count for kind, count in goal.items()):
            assert time.monotonic() < deadline, f"too few kills at work: {dict(self.arena.kills)} of {dict(goal)}"
            assert self.arena.supply.failure is None, self.arena.supply.failure
            assert not self._is_over(goal), f"nothing is left to be taken in: {dict(self.arena.kills)} of {dict(goal)}"
            for process in list(self.arena.processes.values()):
                kind = process.words[0]
                if self.arena.kills[kind] < goal.get(kind, 0):
                    self._look_at(process)
                elif kind != "ingest" and not process.alive:
                    process.start()
            time.sleep(_MOMENT)
        for process in self.arena.processes.values():
            if process.words[0] != "ingest" and not process.alive:
                process.start()

    def _is_over(self, goal: Mapping[str, int]) -> bool:
        return (
            self.arena.supply.exhausted
            and self.arena.kills["ingest"] < goal.get("ingest", 0)
            and not any(process.alive for process in self.arena.processes.values() if process.words[0] == "ingest")
        )

    def _look_at(self, process: Process) -> None:
        kind = process.words[0]
        if not process.alive:
            self._due.pop(process.name, None)
            if kind != "ingest":  # the supply starts it again itself
                assert process.code in (None, -9), f"{process.name} ended: {process.said()[-800:]}"
                process.start()
            return
        if kind == "ingest" and process.kills >= _KILLS_PER_FILE:
            return
        if process.name not in self._due and is_at_work(process):
            self._due[process.name] = time.monotonic() + self.rng.uniform(0, _LONGEST[kind])
        if time.monotonic() >= self._due.get(process.name, float("inf")):
            self.arena.kill(process)
            self._due.pop(process.name, None)


@fault("workers and deliveries are killed")
def kill_some(arena: Arena, rng: random.Random) -> None:
    """Kill some of them, one after the other."""
    goal = {kind: arena.kills[kind] + rng.randint(1, 4) for kind in ("worker", "deliver")}
    Killer(arena, rng).kill_until(goal, 120)
