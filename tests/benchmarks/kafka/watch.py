"""Watches a run from outside: which commits it made when, and which processes used how much of the CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

import psutil

from tests.benchmarks.kafka.topics import Backlog, Progress

#: The figure ends with the commit that reaches this share of the events: what remains of an idle last
#: interval between commits, or of a last partition, is no speed.
_SHARE = 0.95
_PAUSE = 0.05
#: Seconds between looks for children.
_FAMILIES = 1.0


class Stuck(Exception):
    """A run made no progress, or its process ended. Says how far it had come."""


class Usage:
    """CPU seconds of named groups of processes, their children included, also of children that have ended since."""

    def __init__(self, roots: Mapping[str, Sequence[int]]) -> None:
        """Watch processes by id."""
        self._roots = roots
        self._families: dict[str, list[psutil.Process]] = {}
        self._most: dict[str, dict[int, float]] = {name: {} for name in roots}
        self._looked = 0.0

    def seconds(self) -> dict[str, float]:
        """Look, and return what each group has used so far."""
        now = time.perf_counter()
        if now > self._looked + _FAMILIES:  # finding children means reading of every process of the machine
            self._families = {name: [p for pid in pids for p in _family(pid)] for name, pids in self._roots.items()}
            self._looked = now
        for name, family in self._families.items():
            for process in family:
                with suppress(psutil.Error):
                    times = process.cpu_times()
                    self._most[name][process.pid] = times.user + times.system
        return {name: sum(found.values()) for name, found in self._most.items()}


def _family(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []


class Moment(NamedTuple):
    """What was seen at one look."""

    at: float
    events: int
    cpu: Mapping[str, float]


@dataclass(slots=True)
class Watched:
    """One run as seen from outside."""

    moments: list[Moment] = field(default_factory=list)

    def between(self) -> tuple[Moment, Moment]:
        """Return the first commit, and the one that reaches nearly all. Raises `Stuck` if that is the same."""
        commits = [b for a, b in zip(self.moments, self.moments[1:], strict=False) if b.events > a.events]
        last = next((m for m in commits if m.events >= _SHARE * commits[-1].events), None)
        if last is None or last is commits[0]:
            raise Stuck("everything was one commit: too few events to say how fast that was")
        return commits[0], last

    @property
    def rate(self) -> float:
        """Events per second between the two."""
        first, last = self.between()
        return (last.events - first.events) / (last.at - first.at)

    def cores(self) -> dict[str, float]:
        """Return how many cores each group of processes kept busy meanwhile."""
        first, last = self.between()
        return {name: (last.cpu[name] - first.cpu[name]) / (last.at - first.at) for name in last.cpu}


def watch(progress: Progress, backlog: Backlog, usage: Usage, *, alive: Callable[[], bool], patience: float) -> Watched:
    """Watch until every event is committed. Raises `Stuck` after `patience` seconds without a commit."""
    seen = Watched()
    changed = time.perf_counter()
    while not seen.moments or seen.moments[-1].events < backlog.events:
        moment = Moment(time.perf_counter(), backlog.behind(progress.committed()), usage.seconds())
        if not seen.moments or moment.events != seen.moments[-1].events:
            changed = moment.at
        seen.moments.append(moment)
        if moment.at - changed > patience or not alive():
            what = "no commit any more" if alive() else "its process has ended"
            raise Stuck(f"{what}: {moment.events} of {backlog.events} events are committed")
        time.sleep(_PAUSE)
    return seen
