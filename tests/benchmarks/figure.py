"""What is measured, and what was found: a benchmark, one run of it, and the figure of all its runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from tests.benchmarks.workplace import Workplace


class Sample(NamedTuple):
    """One run in a process of its own."""

    value: float
    #: What nothing could be better than, measured in the same process, in the same unit.
    limit: float
    #: What else the run showed, such as CPU time per event.
    notes: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One thing to measure."""

    name: str
    #: What the value says, in words.
    says: str
    unit: str
    #: How the limit was got.
    limit_is: str
    measure: Callable[[Workplace], Sample]
    target: float | None = None
    #: Rates are better when they are more; times and memory when they are less.
    more_is_better: bool = True
    runs: int = 5

    def met(self, value: float) -> bool | None:
        """Say whether a value meets the target; None without a target."""
        if self.target is None:
            return None
        return value >= self.target if self.more_is_better else value <= self.target

    def share(self, value: float, limit: float) -> float:
        """Return how near a value comes to the limit, in percent: 100 is as good as can be."""
        return 100 * (value / limit if self.more_is_better else limit / value)


@dataclass(frozen=True, slots=True)
class Figure:
    """A benchmark's runs together."""

    benchmark: Benchmark
    samples: Sequence[Sample] = field(default_factory=list)

    @property
    def value(self) -> float:
        """The median of the runs."""
        return median(sample.value for sample in self.samples)

    @property
    def limit(self) -> float:
        """The median of the limits."""
        return median(sample.limit for sample in self.samples)

    @property
    def notes(self) -> dict[str, float]:
        """The medians of what else was seen."""
        return {name: median(sample.notes[name] for sample in self.samples) for name in self.samples[0].notes}

    def as_json(self) -> dict[str, Any]:
        """Return everything about the figure."""
        values = [sample.value for sample in self.samples]
        return {
            "name": self.benchmark.name,
            "says": self.benchmark.says,
            "unit": self.benchmark.unit,
            "median": self.value,
            "min": min(values),
            "max": max(values),
            "runs": len(values),
            "target": self.benchmark.target,
            "met": self.benchmark.met(self.value),
            "limit": self.limit,
            "limit_is": self.benchmark.limit_is,
            "percent_of_limit": self.benchmark.share(self.value, self.limit),
            "notes": self.notes,
        }
