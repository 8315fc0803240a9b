"""Pull pages: an agency fetches pages of 1,000 events over HTTP, from the first to the last of a long feed."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from statistics import median, quantiles

import orjson

from adapters.registry.serving import served
from consumers.cloudevents import cursor_of
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.memory import settle_memory
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.access import AGENCY, Holder, Tokens
from hub.eventlog import Message, Outputs, records_of
from hub.topics import outbox
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.material import MAKERS, decide_until, lines_of, take_in, write_lines
from tests.benchmarks.workplace import Workplace, stopwatch

AGENCY_NAME = "tax"
_PAGE = 1000
#: So many pages are fetched at the beginning, all over the feed, and at its end.
_SAMPLE = 150
#: Lines that the hub really decides about; the feed is made of copies of what tax gets of them.
_ORIGINAL = 30_000
_APPENDED = 20_000


def make_paged(place: Workplace) -> None:
    """Make a hub with a long feed: real events of tax, again and again."""
    few = place.folder / "paged.ndjson"
    write_lines(few, lines_of(min(_ORIGINAL, place.sizes.paged)))
    with open_hub(load_settings(home=place.home("paged"))) as hub:
        take_in(hub, few)
        decide_until(hub)
        hub.waiting().flush()
        decide_until(hub)
        topic = outbox(AGENCY_NAME)
        messages = [record.message for record in records_of(hub.log, topic)]
        endless = _again_and_again(messages)
        left = place.sizes.paged - len(messages)
        while left > 0:
            hub.log.append(Outputs({topic: [next(endless) for _ in range(min(left, _APPENDED))]}))
            left -= _APPENDED


def _again_and_again(messages: list[Message]) -> Iterator[Message]:
    while True:
        yield from messages


MAKERS["paged"] = make_paged


def measure(place: Workplace) -> Sample:
    """Fetch pages as an agency does; return the 99th percentile of the time to the last byte, in ms."""
    with open_hub(load_settings(home=place.home("paged"))) as hub, _serving(hub) as (url, token):
        settle_memory()
        last = place.sizes.paged - _PAGE
        spread = [round(last * n / _SAMPLE) for n in range(_SAMPLE)]
        first = [n * _PAGE for n in range(_SAMPLE) if n * _PAGE <= last]
        end = [last - n for n in reversed(first)]
        with closing(http.client.HTTPConnection(url.removeprefix("http://"))) as line:
            _fetch(line, token, 0)  # the first one warms everything
            with stopwatch() as watch:
                times = {name: [_fetch(line, token, p) for p in some] for name, some in _named(first, spread, end)}
        bare = [_bare_ms(hub, position) for position in spread[::5]]
    every = [ms for some in times.values() for ms in some]
    notes = {f"median {name}, ms": median(some) for name, some in times.items()}
    notes |= watch.per(len(every) * _PAGE)
    return Sample(quantiles(every, n=100)[98], median(bare), {"events": place.sizes.paged, **notes})


def _named(*samples: list[int]) -> Iterator[tuple[str, list[int]]]:
    return iter(zip(("at the beginning", "all over", "at the end"), samples, strict=True))


@contextmanager
def _serving(hub: Hub) -> Iterator[tuple[str, str]]:
    token = Tokens(hub.deliveries_db).new(Holder(AGENCY, AGENCY_NAME, None), "bench", now_ms())
    app = make_web(hub)
    with served(app) as url:
        try:
            yield url, token
        finally:
            app.state.feeds.stop_waiting()
    app.state.feeds.close()


def _fetch(line: http.client.HTTPConnection, token: str, position: int) -> float:
    cursor = cursor_of(AGENCY_NAME, position)
    started = time.perf_counter()
    headers = {"Authorization": f"Bearer {token}", "Accept-Encoding": "gzip"}
    line.request("GET", f"/feeds/{AGENCY_NAME}?limit={_PAGE}&lastEventId={cursor}", headers=headers)
    answer = line.getresponse()
    body = answer.read()
    took = 1000 * (time.perf_counter() - started)
    if answer.status != 200 or not body:
        raise RuntimeError(f"HTTP {answer.status}")
    return took


def _bare_ms(hub: Hub, position: int) -> float:
    """Return how long it takes to read the rows and to write as much finished JSON."""
    started = time.perf_counter()
    records = hub.log.scan(outbox(AGENCY_NAME), position, _PAGE)
    orjson.dumps([{**record.headers, "data": record.value.hex()} for record in records])
    return 1000 * (time.perf_counter() - started)


BENCHMARKS = [
    Benchmark(
        name="pages",
        says="99th percentile of fetching a page of 1,000 events over HTTP (gzip, with today's protection and legal"
        " basis), at the beginning, all over and at the end of a long feed (in full 5,000,000 events)",
        unit="ms",
        target=100,
        more_is_better=False,
        limit_is="median of reading the same rows from the log and writing their headers and bytes as JSON",
        measure=measure,
        runs=3,
    )
]
