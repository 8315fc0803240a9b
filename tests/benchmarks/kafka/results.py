"""What the runs of the race showed: the laps of each contender, their medians, and what went wrong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from confluent_kafka import KafkaException

from hub.eventlog import LogUnavailable
from tests.benchmarks.kafka.contender import Contender
from tests.benchmarks.kafka.outputs import OtherOutputs
from tests.benchmarks.kafka.race import Lap
from tests.benchmarks.kafka.watch import Stuck

#: Told one line at a time what is going on.
Tell = Callable[[str], None]


@dataclass(slots=True)
class Results:
    """What was found, and what went wrong: a run with a problem has no figure."""

    laps: dict[str, list[Lap]] = field(default_factory=lambda: defaultdict(list))
    more: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    @contextmanager
    def noting(self, tell: Tell, what: str) -> Iterator[None]:
        """Note a problem and go on with the next measurement."""
        tell(f"{what} …")
        try:
            yield
        except (Stuck, OtherOutputs, KafkaException, LogUnavailable, RuntimeError, OSError) as problem:
            self.problems.append(f"{what}: {str(problem).splitlines()[0]}")
            tell(f"{what}: {problem}")

    def medians(self) -> dict[str, Lap]:
        """Return the median lap of each contender, part by part."""
        return {name: _median(laps) for name, laps in self.laps.items()}


def _median(laps: list[Lap]) -> Lap:
    def middle(of: Callable[[Lap], float]) -> float:
        return median(map(of, laps))

    cores: Mapping[str, float] = {name: middle(lambda lap, n=name: lap.cores[n]) for name in laps[0].cores}  # type: ignore[misc]
    return Lap(
        middle(lambda lap: lap.events_per_second), middle(lambda lap: lap.start_seconds), cores, laps[0].compared
    )


def as_json(contender: Contender, laps: list[Lap]) -> dict[str, Any]:
    """Return a contender's laps as the JSON file has them."""
    middle, rates = _median(laps), [lap.events_per_second for lap in laps]
    return {
        "name": contender.name,
        "says": contender.says,
        "unit": "events/s",
        "median": middle.events_per_second,
        "min": min(rates),
        "max": max(rates),
        "runs": len(laps),
        "start_seconds": middle.start_seconds,
        "cpu_us_per_event": middle.microseconds,
        "cores_busy": dict(middle.cores),
        "outputs_compared": middle.compared,
    }
