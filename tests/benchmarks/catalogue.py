"""All benchmarks, in the order of an event's way."""

from __future__ import annotations

from tests.benchmarks import (
    cards,
    commands,
    deliveries,
    deliveries_postgres,
    edge_uplink,
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
        cards,
        edge_uplink,
    )
    for benchmark in module.BENCHMARKS
}
