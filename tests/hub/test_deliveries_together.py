"""Two delivery processes of one agency, on one store: everything is recorded once, and nobody blocks for good."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, reading, sqlite_url
from hub.deliveries import (
    Account,
    Deliveries,
    DeliveryBrowser,
    Failure,
    Outcome,
    Request,
    State,
    Summary,
    Trial,
    Waiting,
)
from hub.deliveries.tables import attempts, delivered, held, metadata
from hub.eventlog import Record

REJECTED = Failure(Outcome.REJECTED, "constraint", "no such title")
ROUNDS, SIZE = 6, 40


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database with the tables."""
    sqlite = request.param == "sqlite"
    found: str = sqlite_url(tmp_path / "hub.db") if sqlite else request.getfixturevalue("postgres_url")
    engine = open_database(found)
    metadata.create_all(engine)
    engine.dispose()
    return found


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """That database, opened."""
    engine = open_database(url)
    yield engine
    engine.dispose()


def _record(position: int) -> Record:
    return Record(position, 1, f"p{position % 7}", b"{}", {"ce_id": f"e{position}", "ce_type": "DeathRegistered"})


def _account(first: int) -> Account:
    """A batch in which person 0's first event is rejected, so that the later ones wait behind it."""
    trials, waiting, front = [], [], None
    for position in range(first, first + SIZE):
        record = _record(position)
        if record.key != "p0":
            trials.append(Trial(record, None, 10, 0.1))
        elif front is None:
            trials.append(Trial(record, REJECTED, 10, 0.1))
            front = position
        else:
            waiting.append(Waiting(record, front))
    return Account(trials, waiting, {"p0": ["p0"]}, at=10)


def _count(engine: sa.Engine, table: sa.Table) -> int:
    with reading(engine) as connection:
        return connection.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def _record_all(url: str, start: threading.Barrier) -> None:
    engine = open_database(url)
    store = Deliveries(engine)
    start.wait(60)
    for number in range(ROUNDS):
        store.record("tax", _account(1 + number * SIZE))
    engine.dispose()


def test_processes_that_record_the_same_batches_at_once_record_them_once(url: str, engine: sa.Engine) -> None:
    spawn = multiprocessing.get_context("spawn")
    start = spawn.Barrier(2)
    processes = [spawn.Process(target=_record_all, args=(url, start)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0, 0]
    kept = sum(1 for position in range(1, ROUNDS * SIZE + 1) if position % 7 == 0)
    assert _count(engine, delivered) == ROUNDS * SIZE - kept
    assert _count(engine, held) == kept
    assert _count(engine, attempts) == ROUNDS
    assert DeliveryBrowser(engine).summary("tax") == Summary(parked=ROUNDS, waiting=kept - ROUNDS)


def _deliver_due(store: Deliveries, last: int) -> None:
    """Take everything that is due, as a loop does, until nothing is open any more."""
    while store.open_ends("tax", [f"p{n}" for n in range(7)]):
        tried = {entry.record.position: entry for entry in store.due("tax", last, 5)}
        trials = [Trial(entry.record, None, last, 0.1) for entry in tried.values()]
        store.record_due("tax", tried, trials, {"p0": ["p0"]})


def test_loops_that_hand_out_the_same_due_events_at_once_record_each_once(engine: sa.Engine) -> None:
    store = Deliveries(engine)
    store.record("tax", _account(1))
    kept = _count(engine, held)
    store.make_due(sa.true(), Request("lan", "mended", 20))
    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(_deliver_due, store, 50) for _ in range(4)]:
            done.result(timeout=60)
    assert DeliveryBrowser(engine).summary("tax") == Summary(replayed=1)
    assert _count(engine, delivered) == SIZE
    assert _count(engine, attempts) == 1 + kept


def test_a_loop_that_comes_late_records_nothing_over_what_was_replayed_meanwhile(engine: sa.Engine) -> None:
    store = Deliveries(engine)
    store.record("tax", Account([Trial(_record(1), REJECTED, 10, 0.1, next_at=20)], [], {}, 10))
    late = {entry.record.position: entry for entry in store.due("tax", 20, 10)}
    store.record_due("tax", late, [Trial(_record(1), REJECTED, 21, 0.1)], {})
    store.make_due(sa.true(), Request("lan", "mended", 30))
    store.record_due("tax", late, [Trial(_record(1), None, 22, 0.1)], {})
    assert DeliveryBrowser(engine).summary("tax") == Summary(due=1)
    assert [entry.attempts for entry in store.due("tax", 30, 10)] == [2]


def test_many_who_ask_for_replay_while_loops_record_do_not_block_each_other(engine: sa.Engine) -> None:
    store, agencies = Deliveries(engine), ("tax", "land", "bank")
    records = [Record(n, 1, f"q{n}", b"{}", {"ce_id": f"e{n}", "ce_type": "T"}) for n in range(1, 121)]
    for agency in agencies:
        store.record(agency, Account([Trial(r, REJECTED, 10, 0.1) for r in records], [], {}, 10))

    def ask(number: int) -> None:
        store.make_due(sa.true(), Request(f"by{number}", "again", 20))

    def try_again(agency: str, step: int) -> None:
        for _ in range(8):
            tried = {entry.record.position: entry for entry in store.due(agency, 10**6, 120)[::step]}
            store.record_due(agency, tried, [Trial(e.record, REJECTED, 30, 0.1) for e in tried.values()], {})

    def put_off(agency: str) -> None:
        for until in range(8):
            store.postpone(agency, list(range(120, 0, -1)), 100 + until)

    with ThreadPoolExecutor(14) as pool:
        works = [pool.submit(ask, number) for number in range(16)]
        works += [pool.submit(try_again, agency, step) for agency in agencies for step in (1, -1)]
        works += [pool.submit(put_off, agency) for agency in agencies for _ in range(2)]
        for work in works:
            work.result(timeout=60)
    browser = DeliveryBrowser(engine)
    for agency in agencies:
        found = browser.summary(agency)
        assert (found.parked + found.due, found.replayed) == (120, 0)


def test_a_store_that_is_held_up_waits_for_its_own_agency_only(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    metadata.create_all(engine)
    store = Deliveries(engine)
    store.record("tax", _account(1))
    with engine.begin() as slow, ThreadPoolExecutor(1) as pool:
        slow.execute(sa.text("UPDATE delivery_feeds SET turns = turns + 1 WHERE agency = 'tax'"))
        pool.submit(store.record, "land", _account(1)).result(timeout=60)
    assert store.settled("land", 1, SIZE) == set(range(1, SIZE + 1))
    assert DeliveryBrowser(engine).parked("land", states=[State.PARKED])
    engine.dispose()
