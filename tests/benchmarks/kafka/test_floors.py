"""The floors say what is reached, what is not, and what can't be said."""

from __future__ import annotations

import os

import pytest

from tests.benchmarks.kafka.floors import floors
from tests.benchmarks.kafka.race import Lap


def lap(rate: float, own: float = 0.5, broker: float = 0.1) -> Lap:
    """Return a lap of a contender that kept so many cores busy."""
    return Lap(rate, 1.0, {"contender": own, "broker": broker, "PostgreSQL": 0.0}, 0)


def test_each_floor_compares_the_hub_with_one_other() -> None:
    laps = {"hub-1": lap(9000), "hub-2": lap(16_000), "faust": lap(1000), "quix": lap(4000), "limit": lap(30_000)}
    found = {floor.name: (floor.value, floor.met) for floor in floors({**laps, "limit-4": lap(60_000)})}
    assert list(found.values()) == [
        (9.0, True),
        (2.25, False),
        (0.3, True),
        (0.15, False),
        (pytest.approx(16 / 9), True),
    ]


def test_the_own_cpu_time_is_compared_beside() -> None:
    found = floors({"hub-1": lap(5000, own=0.5), "faust": lap(1000, own=1.0)})[0]
    assert found.by_cpu == pytest.approx(10)


def test_what_has_no_figure_has_no_verdict() -> None:
    assert [floor.met for floor in floors({"faust": lap(1000)})] == [None] * 5
    assert floors({"faust": lap(1000)})[0].why == "no figure of hub-1"


def test_a_second_worker_without_a_core_to_run_on_has_no_verdict() -> None:
    cores = float(os.cpu_count() or 1)
    full = floors({"hub-1": lap(9000), "hub-2": lap(10_000, own=cores - 0.2, broker=0.2)})[-1]
    idle = floors({"hub-1": lap(9000), "hub-2": lap(10_000, own=0.1)})[-1]
    assert (full.met, idle.met) == (None, False)
    assert full.why.startswith("no core to spare")
