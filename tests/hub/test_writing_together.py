"""Many threads write the deliveries of many agencies at once; each is told of its own errors only."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.deliveries import Account, Deliveries, Failure, Outcome, Trial
from hub.deliveries.tables import metadata
from hub.deliveries.together import Together
from hub.eventlog import Record

NO = Failure(Outcome.REJECTED, "constraint", "no")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the tables."""
    sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path / "hub.db") if sqlite else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def _account(position: int, *, due: int | None = None) -> Account:
    record = Record(position, 1, f"p{position}", b"x", {"ce_id": f"e{position}", "ce_type": "T"})
    return Account([Trial(record, NO if due is not None else None, 1, 0.1, due)], [], {}, 1)


def test_what_many_threads_record_at_once_is_all_there(engine: sa.Engine) -> None:
    store = Deliveries(engine)
    agencies = [f"agency{n}" for n in range(20)]

    def work(agency: str) -> None:
        for position in range(1, 11):
            store.record(agency, _account(position))
            assert store.settled(agency, position, position) == {position}, "it is there when `record` returns"

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, agencies))
    assert all(store.settled(agency, 1, 10) == set(range(1, 11)) for agency in agencies)


def test_writers_that_wait_share_a_transaction_on_sqlite(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    commits: list[int] = []
    sa.event.listen(engine, "commit", lambda _: commits.append(1))
    together, first, go = Together(engine), threading.Event(), threading.Event()

    def hold(_: sa.Connection) -> None:
        first.set()
        assert go.wait(20)

    with ThreadPoolExecutor(12) as pool:
        holding = pool.submit(together.run, hold)
        assert first.wait(20)
        others = [pool.submit(together.run, lambda _: None) for _ in range(10)]
        while len(together._wishes) < 10:
            assert not holding.done()
        go.set()
        for other in (holding, *others):
            other.result(20)
    assert len(commits) == 2
    engine.dispose()


def test_the_trouble_of_one_writer_is_not_the_others(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    metadata.create_all(engine)
    together, first, go = Together(engine), threading.Event(), threading.Event()
    store = Deliveries(engine)
    store._together = together

    def hold(_: sa.Connection) -> None:
        first.set()
        assert go.wait(20)

    def stumble(_: sa.Connection) -> None:
        raise ValueError("a bug")

    with ThreadPoolExecutor(4) as pool:
        holding = pool.submit(together.run, hold)
        assert first.wait(20)
        good = [pool.submit(store.record, agency, _account(1)) for agency in ("tax", "land")]
        bad = pool.submit(together.run, stumble)
        while len(together._wishes) < 3:
            assert not holding.done()
        go.set()
        for one in good:
            one.result(20)
        with pytest.raises(ValueError, match="a bug"):
            bad.result(20)
    assert store.settled("tax", 1, 1) == store.settled("land", 1, 1) == {1}
    engine.dispose()


def test_agencies_with_something_due_are_found_among_many(engine: sa.Engine) -> None:
    store = Deliveries(engine)
    assert store.agencies_with_due(1000) == set()
    for number, agency in enumerate(("bank", "land", "tax", "zoo")):
        store.record(agency, _account(1, due=number * 10))
        store.record(agency, _account(2))
    assert store.agencies_with_due(10) == {"bank", "land"}
    assert store.agencies_with_due(1000) == {"bank", "land", "tax", "zoo"}
    assert (store.last_taken("tax"), store.last_taken("nobody")) == (2, 0)
    assert store.taken("tax", [1, 2, 3]) == {2: 1}
