"""Replays: parked deliveries, planned, approved and sent again, all as in `dancu run`."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

import orjson
import sqlalchemy as sa

from consumers.loop import deliver_forever
from deploy.bootstrap import Hub
from deploy.replaying import desk_of, runner_of
from hub.deliveries import State
from hub.deliveries.rows import held_row
from hub.deliveries.tables import attempts, held
from hub.destination import Event, Receipt
from hub.eventlog import Outputs, Record
from hub.replays import ItemState, Kind, Move, ReplayState
from hub.topics import RECEIVED
from replay.desk import Limits
from replay.runner import run_replays
from replay.selection import Selection
from tests.benchmarks.bare import in_pieces, insert_seconds
from tests.benchmarks.figure import Benchmark, Sample
from tests.benchmarks.memory import peak_megabytes
from tests.benchmarks.workplace import QUICK, Workplace, stopwatch
from tests.hub.making import DEATH, admitted, event

_AGENCY = "land"
_TABLE = (
    "CREATE TABLE rows (agency TEXT, position INTEGER, event_id TEXT, at INTEGER, attempts INTEGER, by TEXT,"
    " PRIMARY KEY (agency, position)) WITHOUT ROWID"
)


class Taker:
    """An agency that takes everything, at no cost."""

    def __init__(self) -> None:
        self.taken = 0

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Take it."""
        self.taken += len(events)
        return Receipt()


def measure(place: Workplace) -> Sample:
    """Replay everything that is parked for one agency."""
    count = 2000 if place.sizes == QUICK else 100_000
    with place.hub() as hub:
        _park(hub, count)
        before, taker = peak_megabytes(), Taker()
        desk = replace(desk_of(hub), threshold=count)
        with stopwatch() as planning:
            planned = desk.plan(Kind.DELIVERIES, Selection(agency=_AGENCY), "lan", "repaired", Limits())
        with stopwatch() as freezing:
            desk.approve(planned.id, "lan", "looked")
        desk.move(planned.id, Move.STARTED, "lan", None)
        with stopwatch() as watch:
            _run(hub, planned.id, taker)
        found = desk.replays.find(planned.id)
        if (found.count(ItemState.DELIVERED), taker.taken) != (count, count):
            raise RuntimeError(f"not everything came once: {found.counts}, {taker.taken}")
        rows = [(_AGENCY, n, f"e{n:09}", 1, 2, "lan") for n in range(count)]
        limit = 2 * insert_seconds(place.folder, [_TABLE], rows, hub.settings.delivery_batch)
    notes = {
        **watch.per(count),
        "deliveries": count,
        "plan s": planning.wall,
        "approve s": freezing.wall,
        "resident MB": peak_megabytes(),
        "resident MB before": before,
    }
    return Sample(count / watch.wall, count / limit, notes)


def _run(hub: Hub, replay_id: str, taker: Taker) -> None:
    stop, desk = threading.Event(), desk_of(hub)
    feed = hub.feed(_AGENCY, taker)
    threads = [
        threading.Thread(target=run_replays, args=(runner_of(hub), stop)),
        threading.Thread(target=deliver_forever, args=(feed, stop)),
    ]
    for thread in threads:
        thread.start()
    try:
        while desk.replays.find(replay_id).state is ReplayState.RUNNING and all(t.is_alive() for t in threads):
            time.sleep(1)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _park(hub: Hub, count: int) -> None:
    """Let the pipeline make one record for the agency, and park as many as wanted that are like it."""
    from hub.pipeline import process_batch
    from hub.registers import Registers
    from hub.topics import PIPELINE, outbox

    hub.log.append(Outputs({RECEIVED: [admitted(event("DeathRegistered", "first", DEATH))]}))
    process_batch(hub.log, Registers(hub.registers_db), hub.rules, hub.log.read(RECEIVED, PIPELINE, 10))
    batch = hub.log.read(outbox(_AGENCY), "deliver", 10)
    hub.log.commit(batch, Outputs())
    record = batch.records[0]
    now = int(time.time() * 1000)
    for some in in_pieces(_rows(record, count, now), 5000):
        tries = [
            {
                "agency": _AGENCY,
                "position": row["position"],
                "number": 1,
                "at": now,
                "seconds": 0.1,
                "outcome": "rejected",
                "error_class": "constraint",
                "message": "no such title",
            }
            for row in some
        ]
        with hub.deliveries_db.begin() as connection:
            connection.execute(sa.insert(held), some)
            connection.execute(sa.insert(attempts), tries)


def _rows(record: Record, count: int, now: int) -> Iterator[dict[str, object]]:
    failure = {"attempts": 1, "error_class": "constraint", "message": "no such title"}
    for place in range(1, count + 1):
        one = record._replace(position=place, key=f"{place:012}")
        row = held_row(_AGENCY, one, State.PARKED, now, **failure)
        event_id = f"00000000-0000-7000-8000-{place:012}"
        headers = {**record.headers, "ce_id": event_id}
        yield {**row, "event_id": event_id, "headers": orjson.dumps(headers)}


BENCHMARKS = [
    Benchmark(
        name="replays",
        says="parked deliveries of one agency (in full 100,000) sent again by a named replay; the agency costs nothing",
        unit="deliveries/s",
        target=1000,
        limit_is="executemany of two small rows for each into bare SQLite, in transactions of as many (WAL, synchronous"
        " FULL)",
        measure=measure,
        runs=3,
    )
]
