"""Deliveries into agencies' systems on PostgreSQL, which waits for its disk; the hub itself is on SQLite."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from adapters.agencies import open_agency
from adapters.agencies.applied_events import APPLIED_EVENTS
from deploy.dev.postgres import Postgres, programs, start_postgres
from deploy.dev.problem import Missing
from hub.database import insert_rows, open_database
from hub.topics import DELIVER, outbox
from tests.benchmarks.bare import in_pieces
from tests.benchmarks.deliveries import AGENCIES, hand_out
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.workplace import Workplace, stopwatch

#: Unlike the servers of the tests, this one waits for the disk.
_DURABLE = {"fsync": "on", "full_page_writes": "on"}


def measure(agencies: Sequence[str], place: Workplace) -> Sample:
    """Hand out everything to these agencies, each in a thread as in `dancu run`."""
    with place.hub(copied_from="decided") as hub, _server() as server:
        for agency in agencies:
            server.make_database(agency)
        count = sum(hub.log.extent(outbox(agency), DELIVER)[1] for agency in agencies)
        systems = {agency: open_agency(agency, server.url(agency)) for agency in agencies}
        for system in systems.values():
            system.deliver(())  # its tables are there before the first event
        with stopwatch() as watch:
            hand_out(hub, agencies, systems)
        for system in systems.values():
            system.close()
        limit = sum(_bare_seconds(server.url(agency), hub.settings.delivery_batch) for agency in agencies)
    return Sample(count / watch.wall, count / limit, {**watch.per(count), "deliveries": count})


def missing(name: str) -> str | None:
    """Return what a benchmark of this name lacks on this machine, or None."""
    if name not in {benchmark.name for benchmark in BENCHMARKS}:
        return None
    try:
        programs()
    except Missing as problem:
        return str(problem)
    return None


@contextmanager
def _server() -> Iterator[Postgres]:
    folder = Path(tempfile.mkdtemp(prefix="dancu-bench-pg-"))  # the server's own account must be able to enter it
    try:
        server = start_postgres(folder, _DURABLE)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _bare_seconds(url: str, per_commit: int) -> float:
    """Return how long COPY takes for the rows that the agency's `applied_events` has now, into the same table."""
    engine = open_database(url)
    with engine.connect() as connection:
        query = sa.select(APPLIED_EVENTS).order_by(APPLIED_EVENTS.c.applied_order)
        rows = [tuple(row) for row in connection.execute(query)]
    copy = APPLIED_EVENTS.to_metadata(sa.MetaData(), name="rows")
    copy.create(engine)
    with stopwatch() as watch:
        for some in in_pieces(rows, per_commit):
            with engine.begin() as connection:
                insert_rows(connection, copy, some)
    engine.dispose()
    return watch.wall


def _benchmark(name: str, says: str, agencies: Sequence[str]) -> Benchmark:
    return Benchmark(
        name=name,
        says=says,
        unit="deliveries/s",
        target=3000,
        limit_is="COPY of the same rows into the agencies' table `applied_events` in PostgreSQL, one agency after the"
        " other, in transactions of as many (fsync on)",
        measure=partial(measure, agencies),
        runs=3,
    )


BENCHMARKS = [
    _benchmark("deliveries-postgres", "events into the five agencies' systems on one PostgreSQL server", AGENCIES),
    _benchmark("deliveries-postgres-tax", "events into the system of tax alone, on PostgreSQL", ("tax",)),
]
