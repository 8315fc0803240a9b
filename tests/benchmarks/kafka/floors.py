"""What the hub's figures must reach against the others', and whether they do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.kafka.race import Lap

#: From this share of all cores on, a second worker has nothing to run on.
_FULL = 0.9


@dataclass(frozen=True, slots=True)
class Floor:
    """One comparison."""

    name: str
    floor: float
    #: By events per second, and by the programs' own CPU time per event, which other work on the machine blurs less.
    value: float | None
    by_cpu: float | None
    #: None: can't be said; `why` says why.
    met: bool | None
    why: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return it as the JSON file has it."""
        return asdict(self)


def floors(laps: Mapping[str, Lap]) -> list[Floor]:
    """Compare the median laps, by contender. What has no figure makes a floor that can't be said."""
    return [
        _ratio("times Faust", 8, laps, "hub-1", "faust"),
        _ratio("times Quix Streams", 3, laps, "hub-1", "quix"),
        _ratio("of the bare client with as many outputs", 0.2, laps, "hub-1", "limit"),
        _ratio("of the bare client with 4 outputs per event", 0.2, laps, "hub-1", "limit-4"),
        _second_worker(laps),
    ]


def _ratio(name: str, floor: float, laps: Mapping[str, Lap], ours: str, theirs: str) -> Floor:
    missing = [contender for contender in (ours, theirs) if contender not in laps]
    if missing:
        return Floor(name, floor, None, None, None, f"no figure of {' and '.join(missing)}")
    value = laps[ours].events_per_second / laps[theirs].events_per_second
    by_cpu = laps[theirs].microseconds / laps[ours].microseconds
    return Floor(name, floor, value, by_cpu, value >= floor)


def _second_worker(laps: Mapping[str, Lap]) -> Floor:
    found = _ratio("two workers against one", 1.6, laps, "hub-2", "hub-1")
    if found.met is not False:
        return found
    busy, cores = sum(laps["hub-2"].cores.values()), os.cpu_count() or 1
    if busy < _FULL * cores:
        return found
    why = f"no core to spare: {busy:.1f} of {cores} were busy, Kafka and PostgreSQL among them"
    return Floor(found.name, found.floor, found.value, found.by_cpu, None, why)
