"""The console's pages on a log of a million events: how long a browser waits for each."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from typing import Final

import aiohttp
import sqlalchemy as sa

from adapters.registry.serving import served
from consumers.loop import deliver_once
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.memory import settle_memory
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.access import OPERATOR, Holder, Tokens
from hub.database import reading
from hub.destination import Event, Receipt, Rejection
from hub.registers import tables as registers
from tests.benchmarks.consoles import log_in, percentile
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.material import MAKERS, make_large
from tests.benchmarks.workplace import QUICK, Workplace

_REJECTED_IN: Final = 4
#: Batches of land's feed that are handed out, so that there is something to repair.
_BATCHES: Final = 40
_BARE: Final = "/problems/busy"


class _Choosy:
    """Rejects one event in four, of three kinds."""

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Take the others."""
        found = [event for n, event in enumerate(events) if n % _REJECTED_IN == 0]
        return Receipt([Rejection(one.event_id, f"class{n % 3}", "a column is locked") for n, one in enumerate(found)])


def make_looked_at(place: Workplace) -> None:
    """Make a large hub of which one agency did not take all."""
    if not place.home("large").exists():
        make_large(place)
    shutil.copytree(place.home("large"), place.home("looked-at"))
    with open_hub(load_settings(home=place.home("looked-at"))) as hub:
        feed = hub.feed("land", _Choosy())
        for _ in range(_BATCHES):
            deliver_once(feed)


MAKERS["looked-at"] = make_looked_at


def measure(place: Workplace) -> Sample:
    """Ask for every page again and again; return the 99th percentile of the slowest page, in ms."""
    times = 5 if place.sizes == QUICK else 200
    with open_hub(load_settings(home=place.home("looked-at"))) as hub, _serving(hub) as (url, token):
        settle_memory()
        taken = asyncio.run(_ask(url, token, _paths(hub), times))
    bare = taken.pop(_BARE)
    worst = max(taken, key=lambda name: percentile(taken[name], 99))
    notes = {f"median {name}, ms": median(some) for name, some in taken.items()}
    notes |= {f"p99 {name}, ms": percentile(some, 99) for name, some in taken.items()}
    return Sample(percentile(taken[worst], 99), median(bare), {"events": place.sizes.backlog, **notes})


def _paths(hub: Hub) -> Mapping[str, str]:
    """Return name → path of what is asked."""
    c = registers.events.c
    with reading(hub.registers_db) as connection:
        query = sa.select(c.event_id).where(c.fate == "published", c.type == "DeathRegistered").limit(1)
        event_id = connection.execute(query).scalar_one()
    return {
        "overview": "/console", "connections": "/console/connections", "agency": "/console/agencies/land",
        "failures": "/console/failures?agency=land", "replays": "/console/replays",
        "events": "/console/events", "event": f"/console/events/{event_id}", "edge": "/console/edge",
        "procedures": "/console/procedures", _BARE: _BARE,
    }  # fmt: skip


async def _ask(url: str, token: str, paths: Mapping[str, str], times: int) -> dict[str, list[float]]:
    taken: dict[str, list[float]] = {name: [] for name in paths}
    async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as line:
        await log_in(line, token)
        for turn in range(times + 1):
            for name, path in paths.items():
                started = time.perf_counter()
                async with line.get(path) as answer:
                    body = await answer.read()
                if turn:  # the first one warms everything
                    taken[name].append(1000 * (time.perf_counter() - started))
                if answer.status != 200 or not body:
                    raise RuntimeError(f"{path}: HTTP {answer.status}")
    return taken


@contextmanager
def _serving(hub: Hub) -> Iterator[tuple[str, str]]:
    token = Tokens(hub.deliveries_db).new(Holder(OPERATOR, "bench", "approver"), "bench", now_ms())
    app = make_web(hub)
    with served(app) as url:
        try:
            yield url, token
        finally:
            app.state.feeds.stop_waiting()
    app.state.feeds.close()


BENCHMARKS = [
    Benchmark(
        name="console-pages",
        says="99th percentile of the slowest of the console's pages, over HTTP, on a log of a million events of which"
        " 200,000 are not even decided about",
        unit="ms",
        target=100,
        more_is_better=False,
        limit_is="median of a ready answer of a few bytes over the same line",
        measure=measure,
        runs=3,
    )
]
