"""Webhooks: an agency's feed posted to an endpoint of this machine, one event in each request, and moved on."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence

import aiohttp
import orjson

from adapters.ways.way import Place
from adapters.ways.webhook.system import WebhookSystem, open_system
from consumers.loop import deliver_once
from deploy.bootstrap import Hub
from hub.cloudevents import STRUCTURED, cloudevent
from hub.destination import Event
from hub.topics import DELIVER, outbox
from tests.benchmarks.bare import in_pieces
from tests.benchmarks.endpoint import endpoint
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace, stopwatch
from tests.hub.making import agreement

CONNECTIONS = 50
_AGENCY = "tax"
_SECRET = "whsec_" + base64.b64encode(b"k" * 32).decode()


def measure(place: Workplace) -> Sample:
    """Hand out everything to one agency as `dancu run` does; then the same events by the way alone, and barely."""
    with endpoint() as url, place.hub(copied_from="decided") as hub:
        system = _system(hub, url)
        system.deliver(())  # the endpoint agrees
        count = hub.log.extent(outbox(_AGENCY), DELIVER)[1]
        feed = hub.feed(_AGENCY, system)
        with stopwatch() as watch:
            while not deliver_once(feed).idle:
                pass
        events = _events(hub)
        alone = len(events) / _seconds_alone(system, events, hub.settings.delivery_batch)
        limit = len(events) / asyncio.run(_bare_seconds(url, events))
        system.close()
    notes = {**watch.per(count), "the way alone, posts/s": alone, "deliveries": count}
    return Sample(count / watch.wall, limit, notes)


def _system(hub: Hub, url: str) -> WebhookSystem:
    delivery = {
        "way": "webhook",
        "url": url,
        "secrets_env": "SECRETS",
        "allow_private": True,
        "connections": CONNECTIONS,
    }
    place = Place(hub.home.agencies, hub.rules.catalogue, {"SECRETS": _SECRET})
    return open_system(agreement(_AGENCY, delivery=delivery), place)


def _events(hub: Hub) -> list[Event]:
    records = list(hub.log.scan(outbox(_AGENCY), 0, 100_000))
    return [event for event in hub.opening()(_AGENCY, records, replayed=False) if isinstance(event, Event)]


def _seconds_alone(system: WebhookSystem, events: Sequence[Event], at_once: int) -> float:
    started = time.perf_counter()
    for some in in_pieces(events, at_once):
        system.deliver(some)
    return time.perf_counter() - started


async def _bare_seconds(url: str, events: Sequence[Event]) -> float:
    """Return how long aiohttp takes to post the same bodies, without signatures and without looking at answers."""
    bodies = [orjson.dumps(cloudevent(event)) for event in events]
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector, headers={"content-type": STRUCTURED}) as session:

        async def post_all() -> None:
            while bodies:
                async with session.post(url, data=bodies.pop()) as response:
                    await response.read()

        started = time.perf_counter()
        await asyncio.gather(*(post_all() for _ in range(CONNECTIONS)))
        return time.perf_counter() - started


BENCHMARKS = [
    Benchmark(
        name="deliveries-webhook",
        says=f"events posted to the endpoint of {_AGENCY}, one a request, {CONNECTIONS} connections, signed",
        unit="deliveries/s",
        target=3000,
        limit_is="the same bodies posted by a bare aiohttp client to the same endpoint over as many connections,"
        " without signatures, log or store",
        measure=measure,
        runs=3,
    )
]
