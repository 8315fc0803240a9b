"""The whole Kafka part: every contender several times by turns, then time on the way, then kills."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from deploy.dev.problem import DevProblem
from tests.benchmarks.kafka.arena import Arena, open_arena
from tests.benchmarks.kafka.contender import Contender, faust, hub, limit, quix
from tests.benchmarks.kafka.environment import NoEnvironment, pins, rivals_python
from tests.benchmarks.kafka.floors import floors
from tests.benchmarks.kafka.handing_out import measure_handing_out
from tests.benchmarks.kafka.latency import RATE, measure_latency
from tests.benchmarks.kafka.material import decided, lines_of, messages_of
from tests.benchmarks.kafka.outputs import expected_of
from tests.benchmarks.kafka.race import Material, run
from tests.benchmarks.kafka.recovery import started_again, taken_over
from tests.benchmarks.kafka.results import Results, Tell, as_json


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many events for whom, how often, and how long time on the way is measured."""

    #: For the hub and the bare client; for the rivals, which take as long for fewer.
    events: int
    rivals: int
    runs: int
    seconds: int


FULL = Sizes(events=100_000, rivals=30_000, runs=3, seconds=20)
QUICK = Sizes(events=20_000, rivals=3_000, runs=1, seconds=4)


def measure(folder: Path, sizes: Sizes, tell: Tell) -> dict[str, Any]:
    """Measure everything. `tell` is given one line at a time. What is missing here is said under `skipped`."""
    try:
        tell("the rivals' environment")
        python = rivals_python()
        with open_arena(folder) as arena:
            return _measure(arena, python, sizes, tell)
    except (DevProblem, NoEnvironment) as missing:
        return {"skipped": str(missing)}


def _measure(arena: Arena, python: Path, sizes: Sizes, tell: Tell) -> dict[str, Any]:
    tell("material")
    many, few = (_material(arena, count) for count in (sizes.events, sizes.rivals))
    plan, results = _plan(python, many, few), Results()
    with results.noting(tell, "warming up the broker"):
        run(arena, limit("warm", 4.0), many)
    for number in range(sizes.runs):
        for contender, material in plan:
            with results.noting(tell, f"{contender.name} {number + 1}"):
                lap = run(arena, contender, material)
                results.laps[contender.name].append(lap)
                tell(f"{contender.name} {number + 1}: {lap.events_per_second:,.0f} events/s")
    _measure_more(arena, sizes, many, results, tell)
    return {
        "events": sizes.events,
        "events_for_rivals": sizes.rivals,
        "rivals": pins(),
        "outputs_per_event": many.outputs_per_event,
        "figures": [as_json(c, results.laps[c.name]) for c, _ in plan if results.laps.get(c.name)],
        "floors": [floor.as_json() for floor in floors(results.medians())],
        **results.more,
        "problems": results.problems,
    }


def _plan(python: Path, many: Material, few: Material) -> list[tuple[Contender, Material]]:
    """Return who runs with what, in the order of one round."""
    return [
        (limit("limit-4", 4.0), many),
        (limit("limit", many.outputs_per_event), many),
        (faust(python), few),
        (quix(python), few),
        (hub(1), many),
        (hub(2), many),
    ]


def _measure_more(arena: Arena, sizes: Sizes, many: Material, results: Results, tell: Tell) -> None:
    with results.noting(tell, "time on the way"):
        lines = list(lines_of(RATE * sizes.seconds))
        sent = _material(arena, len(lines))
        deliveries = round(sent.outputs_per_event * len(lines))
        results.more["latency"] = measure_latency(arena, lines, deliveries)
    with results.noting(tell, "handing out"):
        results.more["handing_out"] = measure_handing_out(arena, many)
    with results.noting(tell, "one of two workers killed"):
        results.more["taken_over"] = taken_over(arena, many)
    with results.noting(tell, "the only worker killed and started again"):
        results.more["started_again"] = {"first partition, s": started_again(arena, many)}


def _material(arena: Arena, count: int) -> Material:
    messages = messages_of(count)
    feeds = decided(messages, arena.folder / f"expected-{count}", arena.agreements)
    return Material(messages, expected_of(feeds))
