"""All benchmarks, in the order of an event's way."""

from __future__ import annotations

from tests.benchmarks import commands, deliveries, intake, latency, memory, pipeline

BENCHMARKS = {
    benchmark.name: benchmark
    for module in (intake, pipeline, deliveries, memory, commands, latency)
    for benchmark in module.BENCHMARKS
}
