"""Deliveries: from an outbox into an agency's SQL system, and the store and the log moved on."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy.schema import CreateIndex, CreateTable

from adapters.agencies.applied_events import APPLIED_EVENTS
from consumers.loop import deliver_once
from deploy.bootstrap import Hub
from hub.database import open_database
from hub.destination import Destination
from hub.topics import DELIVER, outbox
from tests.benchmarks.bare import insert_seconds
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace, stopwatch

AGENCIES = ("tax", "insurance", "land", "welfare", "bank")


def measure(agencies: Sequence[str], place: Workplace) -> Sample:
    """Hand out everything to these agencies, each in a thread as in `dancu run`."""
    with place.hub(copied_from="decided") as hub:
        count = sum(hub.log.extent(outbox(agency), DELIVER)[1] for agency in agencies)
        with stopwatch() as watch:
            hand_out(hub, agencies)
        limit = sum(_bare_seconds(hub, agency, place) for agency in agencies)
    return Sample(count / watch.wall, count / limit, {**watch.per(count), "deliveries": count})


def hand_out(hub: Hub, agencies: Iterable[str], systems: Mapping[str, Destination] = MappingProxyType({})) -> None:
    """Hand out everything, to these systems or else to those that the agreements name."""
    failures: list[BaseException] = []

    def all_of(agency: str) -> None:
        try:
            feed = hub.feed(agency, systems.get(agency))
            while not deliver_once(feed).idle:
                pass
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=all_of, args=(agency,)) for agency in agencies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


def _bare_seconds(hub: Hub, agency: str, place: Workplace) -> float:
    """Return how long bare SQLite takes for the rows that the agency's `applied_events` has now."""
    engine = open_database(hub.agency_url(agency))
    with engine.connect() as connection:
        query = sa.select(APPLIED_EVENTS).order_by(APPLIED_EVENTS.c.applied_order)
        rows = [tuple(row) for row in connection.execute(query)]
    copy = APPLIED_EVENTS.to_metadata(sa.MetaData(), name="rows")
    create: list[sa.schema.ExecutableDDLElement] = [CreateTable(copy), *(CreateIndex(index) for index in copy.indexes)]
    made = [str(statement.compile(engine)) for statement in create]
    engine.dispose()
    return insert_seconds(place.folder, made, rows, hub.settings.delivery_batch)


def _benchmark(name: str, says: str, agencies: Sequence[str]) -> Benchmark:
    return Benchmark(
        name=name,
        says=says,
        unit="deliveries/s",
        target=3000,
        limit_is="executemany of the same rows into the agencies' table `applied_events` in bare SQLite, one agency"
        " after the other, in transactions of as many (WAL, synchronous FULL)",
        measure=partial(measure, agencies),
        runs=3,
    )


BENCHMARKS = [
    _benchmark("deliveries", "events into the five agencies' systems, all in one process", AGENCIES),
    *(
        _benchmark(f"deliveries-{agency}", f"events into the system of {agency} alone", (agency,))
        for agency in AGENCIES
    ),
]
