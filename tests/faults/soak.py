"""`python -m tests.faults.soak`: a random mixture of all faults for some minutes, and a table of what came of them."""

from __future__ import annotations

import argparse
import importlib
import logging
import pkgutil
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

import tests.faults
from tests.faults.arena import Arena, arena
from tests.faults.gauge import Standstill
from tests.faults.registry import FAULTS

#: Events a minute to have ready: more than the hub decides in the midst of faults.
_EVENTS = 4000
#: Events that wait for a decision at least, so that there is always something to lose.
_AHEAD = 3000
_screen = Console(highlight=False)


class Row(NamedTuple):
    """One fault and how long nothing went on meanwhile."""

    fault: str
    began: float
    lasted: float
    still: Standstill


def main(words: Sequence[str] | None = None) -> int:
    """Run and print. Fails when something was lost, doubled or out of order."""
    options = _options(words)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    _load_faults()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1_000_000)
    _screen.print(f"{len(FAULTS)} kinds of faults, {options.brokers} brokers; the same again: --seed {seed}")
    with tempfile.TemporaryDirectory(prefix="dancu-soak-") as folder:
        events = max(10_000, int(_EVENTS * options.minutes))
        with arena(Path(folder), brokers=options.brokers, events=events, seed=seed) as scene:
            rows = _mix(scene, random.Random(seed), options.minutes * 60)
            _screen.print(_table(rows))
            verdict = scene.finish("soak", seconds=900)  # fails for any difference
    _screen.print(str(verdict))
    return 0


def _options(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long there are faults (10)")
    parser.add_argument("--seed", type=int, help="for the same faults again")
    parser.add_argument("--brokers", type=int, default=3, choices=(1, 3), help="how many brokers (3)")
    return parser.parse_args(words)


def _load_faults() -> None:
    """Import every module of this package that may define faults."""
    for module in pkgutil.iter_modules(tests.faults.__path__, "tests.faults."):
        if not module.name.rpartition(".")[2].startswith(("test_", "conftest", "soak")):
            importlib.import_module(module.name)


def _mix(scene: Arena, rng: random.Random, seconds: float) -> list[Row]:
    """Let one fault follow another for so long, or until there is nothing more to take in."""
    scene.busy(workers=2, deliveries=2, ahead=_AHEAD)
    began, rows, todo = time.monotonic(), list[Row](), list[str]()
    while time.monotonic() - began < seconds and not scene.supply.exhausted:
        todo = todo or rng.sample(sorted(FAULTS), len(FAULTS))
        name, since = todo.pop(), time.monotonic()
        FAULTS[name](scene, rng)
        scene.await_progress(decided=100, delivered=100, seconds=300)
        _look_after(scene)
        rows.append(Row(name, since - began, time.monotonic() - since, scene.gauge.standstill(since)))
        _screen.print(f"{rows[-1].began:6.0f} s  {name}: {rows[-1].still.seconds} s without progress")
    return rows


def _look_after(scene: Arena) -> None:
    """Fail for a worker or a delivery that has ended, as nobody has asked it to."""
    ended = [p for p in scene.processes.values() if p.words[0] in ("worker", "deliver") and not p.alive]
    assert not ended, f"ended by themselves: {[(p.name, p.code, p.said()[-500:]) for p in ended]}"


def _table(rows: Sequence[Row]) -> Table:
    table = Table("fault", "times", "longest (s)", "longest without progress (s)", "deciding", "delivering")
    for name in sorted({row.fault for row in rows}):
        some = [row for row in rows if row.fault == name]
        longest = [max(row.still[column] for row in some) for column in range(3)]
        lasted = max(row.lasted for row in some)
        table.add_row(name, str(len(some)), f"{lasted:.0f}", *(f"{seconds:.1f}" for seconds in longest))
    return table


if __name__ == "__main__":
    sys.exit(main())
