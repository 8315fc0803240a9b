"""All benchmarks, in the order of an event's way."""

from __future__ import annotations

from tests.benchmarks import (
    commands,
    deliveries,
    deliveries_postgres,
    intake,
    latency,
    many,
    memory,
    pages,
    pipeline,
    replays,
    webhooks,
)

BENCHMARKS = {
    benchmark.name: benchmark
    for module in (
        intake,
        pipeline,
        deliveries,
        deliveries_postgres,
        many,
        replays,
        webhooks,
        memory,
        commands,
        latency,
        pages,
    )
    for benchmark in module.BENCHMARKS
}
