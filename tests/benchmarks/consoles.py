"""Open consoles, as browsers keep them: each asks for its live parts at their own interval, over its own line.

Pages that fetch nothing by themselves, such as the failures, cost nothing while they are open.
"""

from __future__ import annotations

import asyncio
import re
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

import aiohttp

from monitoring.console.visitor import COOKIE

#: The pages that operators leave open, and how many of fifty consoles each of them has.
OPEN = {"/console": 40, "/console/edge": 10}
#: Seconds after which a page's script fetches its curves again (`console.js`).
_CURVES = 15.0
_ELEMENT = re.compile(r"<[a-z][^>]*\bhx-get=[^>]*>")
_ATTRIBUTE = re.compile(r"\b(hx-get|hx-trigger)=\"([^\"]*)\"")
_CHART = re.compile(r"\bdata-chart=\"([^\"]*)\"")
_EVERY = re.compile(r"every (\d+)(m?s)")
_CSRF = re.compile(r"<input[^>]*>")


class Live(NamedTuple):
    """A part of a page that the page asks for again and again."""

    path: str
    #: Seconds between two requests.
    every: float


class Console(NamedTuple):
    """A page that somebody has open, and the session of who logged in."""

    path: str
    session: str


@dataclass(slots=True)
class Watching:
    """What was asked meanwhile."""

    #: Requests answered, and seconds that they took together.
    polls: int = 0
    seconds: float = 0.0
    scrapes: int = 0
    failures: list[str] = field(default_factory=list)


def live_parts(page: str) -> list[Live]:
    """Return what a page polls, as its markup says."""
    found = [Live(unescape(path), _CURVES) for path in _CHART.findall(page)]
    for element in _ELEMENT.findall(page):
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(element)}
        if every := _EVERY.search(said.get("hx-trigger", "")):
            found.append(Live(said["hx-get"], int(every[1]) / (1000 if every[2] == "ms" else 1)))
    return found


@contextmanager
def watched(url: str, consoles: Sequence[Console], scrape_every: float) -> Iterator[Watching]:
    """Keep consoles open, and scrape `/metrics` so often, in seconds, while the block runs."""
    watching, stop = Watching(), threading.Event()

    def watch() -> None:
        asyncio.run(_watch(url, consoles, scrape_every, watching, stop))

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield watching
    finally:
        stop.set()
        thread.join()


async def _watch(
    url: str, consoles: Sequence[Console], scrape_every: float, watching: Watching, stop: threading.Event
) -> None:
    phases = [number / len(consoles) for number in range(len(consoles))]
    tasks = [asyncio.create_task(_keep_open(url, *one, watching)) for one in zip(consoles, phases, strict=True)]
    tasks.append(asyncio.create_task(_scrape(url, scrape_every, watching)))
    while not stop.is_set():
        await asyncio.sleep(0.02)
    for task in tasks:
        task.cancel()
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(ended, Exception) and not isinstance(ended, aiohttp.ClientError):  # the hub has ended first
            watching.failures.append(repr(ended))


async def _keep_open(url: str, console: Console, phase: float, watching: Watching) -> None:
    """Open a page, and ask for its live parts until cancelled. `phase`: people do not begin at once, 0 to 1."""
    async with aiohttp.ClientSession(url, headers={"Cookie": f"{COOKIE}={console.session}"}) as line:
        await asyncio.sleep(phase)
        async with line.get(console.path) as answer:
            parts = live_parts(await answer.text())
        if not parts:
            watching.failures.append(f"{console.path}: polls nothing")
        await asyncio.gather(*(_poll(line, part, phase, watching) for part in parts))


async def log_in(line: aiohttp.ClientSession, token: str) -> None:
    """Log in as a browser does; the session stays in the line's cookies."""
    async with line.get("/console/login") as answer:
        page = await answer.text()
    hidden = (dict(re.findall(r'(name|value)="([^"]*)"', one)) for one in _CSRF.findall(page) if "hidden" in one)
    form = {one["name"]: unescape(one.get("value", "")) for one in hidden if "name" in one} | {"token": token}
    headers = {"Origin": str(line._base_url).rstrip("/"), "Sec-Fetch-Site": "same-origin"}
    async with line.post("/console/login", data=form, headers=headers, allow_redirects=False) as answer:
        if answer.status != 303:
            raise RuntimeError(f"not logged in: {answer.status}")


async def _poll(line: aiohttp.ClientSession, part: Live, phase: float, watching: Watching) -> None:
    await asyncio.sleep(phase * part.every)
    while True:
        started = time.perf_counter()
        async with line.get(part.path, headers={"HX-Request": "true"}) as answer:
            await answer.read()
            if answer.status != 200:
                watching.failures.append(f"{part.path}: {answer.status}")
        took = time.perf_counter() - started
        watching.polls += 1
        watching.seconds += took
        await asyncio.sleep(max(0.0, part.every - took))


async def _scrape(url: str, every: float, watching: Watching) -> None:
    async with aiohttp.ClientSession(url) as line:
        begun = time.perf_counter()
        while True:
            async with line.get("/metrics") as answer:
                await answer.read()
                if answer.status != 200:
                    watching.failures.append(f"/metrics: {answer.status}")
            watching.scrapes += 1
            await asyncio.sleep(max(0.0, begun + watching.scrapes * every - time.perf_counter()))


def paths(consoles: int) -> list[str]:
    """Return what so many consoles have open, each page once at least."""
    every = sum(OPEN.values())
    return [path for path, count in OPEN.items() for _ in range(max(1, count * consoles // every))]


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile by the nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
