"""All benchmarks, in the order of an event's way."""

from __future__ import annotations

from tests.benchmarks import (
    cards,
    commands,
    console_load,
    console_pages,
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
        console_pages,
        console_load,
        cards,
        edge_uplink,
    )
    for benchmark in module.BENCHMARKS
}
