"""Whole commands as a user calls them: `dancu demo` on a fresh home; `status` and `explain` on the large one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson
import sqlalchemy as sa

from deploy.bootstrap import open_hub
from deploy.demo.reference import expected
from deploy.demo.show import DOWN_FOR, stream, terms_of
from deploy.settings import load_settings
from hub.database import reading
from hub.registers import tables as t
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.material import SEED
from tests.benchmarks.workplace import Workplace, stopwatch

_DANCU = (sys.executable, "-c", "from deploy.cli import main; main()")


def call(*arguments: str) -> tuple[float, bytes]:
    """Call `dancu`; return the seconds that it took and what it wrote."""
    started = time.perf_counter()
    done = subprocess.run([*_DANCU, *arguments], check=True, stdout=subprocess.PIPE)
    return time.perf_counter() - started, done.stdout


def _bare_start() -> float:
    return call("--help")[0]


def measure_demo(place: Workplace) -> Sample:
    """Show the demo as a newcomer does."""
    events = place.sizes.demo
    with tempfile.TemporaryDirectory(dir=place.folder) as home:
        arguments = ("--home", f"{home}/demo", "demo", "--events", str(events), "--seed", str(SEED), "--json")
        seconds, written = call(*arguments)
        if not orjson.loads(written)["verified"]:
            raise RuntimeError("the demo found differences")
        with open_hub(load_settings(home=Path(home) / "terms")) as hub, stopwatch() as watch:
            terms = [terms_of(agreement) for agreement in hub.rules.agreements.by_agency.values()]
            expected(list(stream(events, SEED)), terms, date.today())  # noqa: DTZ011 - the day only
    return Sample(seconds, _bare_start() + DOWN_FOR + watch.wall, {"events": events})


def measure_status(place: Workplace) -> Sample:
    """Look how the large hub stands."""
    return _on_the_large_hub(place, lambda _: ("status", "--json"))


def measure_explain(place: Workplace) -> Sample:
    """Ask for the story of an event in the middle of the large hub."""
    return _on_the_large_hub(place, lambda home: ("explain", _event_of(home), "--json"))


def _on_the_large_hub(place: Workplace, command: Callable[[Path], tuple[str, ...]]) -> Sample:
    home = place.home("large")
    seconds, _ = call("--home", str(home), *command(home))
    return Sample(seconds * 1000, _bare_start() * 1000, {"events": place.sizes.backlog})


def _event_of(home: Path) -> str:
    with open_hub(load_settings(home=home)) as hub, reading(hub.registers_db) as connection:
        newest = connection.execute(sa.select(sa.func.max(t.events.c.position))).scalar_one()
        query = sa.select(t.events.c.event_id).where(
            t.events.c.position >= newest // 2, t.events.c.sent_to.is_not(None)
        )
        return str(connection.execute(query.order_by(t.events.c.position).limit(1)).scalar_one())


_START = "`dancu --help`: the interpreter and the imports"

BENCHMARKS = [
    Benchmark(
        name="demo",
        says="`dancu demo` from start to end",
        unit="s",
        target=60,
        more_is_better=False,
        limit_is=f"{_START}, the pause of the agency that is down, and the stream and the model without a hub",
        measure=measure_demo,
        runs=3,
    ),
    Benchmark(
        name="status",
        says="`dancu status` on a large log (in full 1,000,000 events)",
        unit="ms",
        more_is_better=False,
        limit_is=_START,
        measure=measure_status,
    ),
    Benchmark(
        name="explain",
        says="`dancu explain` of an event amid a large log (in full 1,000,000 events)",
        unit="ms",
        more_is_better=False,
        limit_is=_START,
        measure=measure_explain,
    ),
]
