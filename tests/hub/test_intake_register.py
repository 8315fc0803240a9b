"""What intake remembers, with several intakes at once: each id has one first place, and nobody fails."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, reading, sqlite_url
from hub.registers import tables as t
from hub.registers.intake import IntakeRegister, Rejected


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """The registers' database, with the tables."""
    sqlite = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "x.db") if sqlite else request.getfixturevalue("postgres_url"))
    t.metadata.create_all(engine)
    yield engine
    engine.dispose()


def _together(works: list[Callable[[], set[str]]]) -> list[set[str]]:
    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(work) for work in works]]


def test_what_is_noted_again_from_its_place_is_no_repeat_and_elsewhere_is(engine: sa.Engine) -> None:
    register = IntakeRegister(engine)
    assert register.note({"e1": "a:1", "e2": "a:2"}, [], 1) == set()
    assert register.note({"e1": "a:1", "e2": "a:2"}, [], 2) == set()
    assert register.note({"e1": "a:1", "e2": "b:7", "e3": "b:8"}, [], 3) == {"e2"}


def test_refusals_are_noted_once_by_place(engine: sa.Engine) -> None:
    register = IntakeRegister(engine)
    refused = [Rejected(f"a:{n}", None, "not_json", "not JSON") for n in (3, 1, 2)]
    for at in (1, 2):
        register.note({}, refused, at)
    with reading(engine) as connection:
        rows = connection.execute(sa.select(t.refusals.c.place, t.refusals.c.at).order_by(t.refusals.c.place)).all()
    assert [tuple(row) for row in rows] == [("a:1", 1), ("a:2", 1), ("a:3", 1)]


def test_intakes_that_take_the_same_ids_at_once_agree_who_was_first(engine: sa.Engine) -> None:
    ids = [f"e{number:03d}" for number in range(200)]
    start = threading.Barrier(4, timeout=60)

    def take(name: str, order: int) -> set[str]:
        places = {event_id: f"{name}:{event_id}" for event_id in ids[::order]}
        start.wait()
        return IntakeRegister(engine).note(
            places, [Rejected(f"line:{n}", None, "r", "d") for n in range(50)][::order], 1
        )

    orders = {"a": 1, "b": -1, "c": 1, "d": -1}
    repeats = dict(zip(orders, _together([lambda n=n, o=o: take(n, o) for n, o in orders.items()]), strict=True))  # type: ignore[misc]
    with reading(engine) as connection:
        rows = connection.execute(sa.select(t.taken.c.event_id, t.taken.c.place)).all()
        refusals = connection.scalar(sa.select(sa.func.count()).select_from(t.refusals))
    places = {row.event_id: row.place for row in rows}
    assert (len(places), refusals) == (200, 50)
    for event_id, place in places.items():
        told = {name for name, known in repeats.items() if event_id in known}
        assert told == orders.keys() - {place.partition(":")[0]}


def test_an_id_that_another_intake_has_not_committed_yet_is_waited_for(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    t.metadata.create_all(engine)
    register = IntakeRegister(engine)
    with ThreadPoolExecutor(1) as pool:
        with engine.begin() as first:
            first.execute(sa.insert(t.taken), [{"event_id": "e1", "place": "a:1"}])
            second = pool.submit(register.note, {"e1": "b:1", "e2": "b:2"}, [], 1)
            _wait_for_a_waiting_one(engine)
        assert second.result(timeout=60) == {"e1"}
        with engine.connect() as first:
            first.execute(sa.insert(t.taken), [{"event_id": "e3", "place": "a:3"}])
            second = pool.submit(register.note, {"e3": "b:3"}, [], 1)
            _wait_for_a_waiting_one(engine)
            first.rollback()  # the first one never commits
        assert second.result(timeout=60) == set()
    engine.dispose()


def _wait_for_a_waiting_one(engine: sa.Engine) -> None:
    waiting = sa.text("SELECT count(*) FROM pg_locks WHERE NOT granted")
    while True:
        with engine.connect() as connection:
            if connection.scalar(waiting):
                return
