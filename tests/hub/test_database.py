"""SQL databases opened the same careful way: lists of any length, readers that don't wait, two openers at once."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.database import among, open_database, reading, sqlite_url

THINGS = sa.Table("things", sa.MetaData(), sa.Column("name", sa.Text, primary_key=True))
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "x.db") if sqlite else request.getfixturevalue("postgres_url"))
    THINGS.metadata.create_all(engine)
    yield engine
    engine.dispose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stored=st.sets(_TEXT, max_size=8), asked=st.lists(_TEXT, max_size=8))
def test_among_finds_exactly_what_is_asked_for(engine: sa.Engine, stored: set[str], asked: list[str]) -> None:
    every = [*asked, *list(stored)[:4]]
    with engine.begin() as connection:
        connection.execute(sa.delete(THINGS))
        if stored:
            connection.execute(sa.insert(THINGS), [{"name": name} for name in stored])
        found = connection.scalars(sa.select(THINGS.c.name).where(among(THINGS.c.name, every)))
        assert set(found) == stored & set(every)


def test_among_takes_any_number_of_values(engine: sa.Engine) -> None:
    names = [f"'; DROP TABLE things; -- {number}" for number in range(50_000)]
    with engine.begin() as connection:
        connection.execute(sa.insert(THINGS), [{"name": names[7]}])
        assert list(connection.scalars(sa.select(THINGS.c.name).where(among(THINGS.c.name, names)))) == [names[7]]


def test_a_reader_waits_for_no_writer_and_sees_nothing_of_it(engine: sa.Engine) -> None:
    count = sa.select(sa.func.count()).select_from(THINGS)
    with engine.begin() as writer:
        writer.execute(sa.insert(THINGS), {"name": "new"})
        with reading(engine) as reader:
            assert reader.scalar(count) == 0
    with reading(engine) as reader:
        assert reader.scalar(count) == 1


def test_a_reader_makes_no_writer_wait(engine: sa.Engine) -> None:
    count = sa.select(sa.func.count()).select_from(THINGS)
    with reading(engine) as reader:
        assert reader.scalar(count) == 0
        with engine.begin() as writer:
            writer.execute(sa.insert(THINGS), {"name": "new"})
    with reading(engine) as reader:
        assert reader.scalar(count) == 1


def test_parameters_are_not_in_errors(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "x.db"))
    THINGS.metadata.create_all(engine)
    twice = [{"name": "Nguyễn"}, {"name": "Nguyễn"}]
    with engine.begin() as connection, pytest.raises(sa.exc.IntegrityError) as found:
        connection.execute(sa.insert(THINGS), twice)
    assert "Nguyễn" not in str(found.value)
    engine.dispose()


def _open_and_write(path: Path, number: int) -> None:
    engine = open_database(sqlite_url(path))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE IF NOT EXISTS things (name TEXT)"))
        connection.execute(sa.text("INSERT INTO things VALUES (:name)"), {"name": str(number)})
    engine.dispose()


def test_processes_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=_open_and_write, args=(tmp_path / "new.db", number)) for number in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0] * 4
    engine = open_database(sqlite_url(tmp_path / "new.db"))
    with reading(engine) as connection:
        assert connection.scalar(sa.text("SELECT count(*) FROM things")) == 4
        assert connection.scalar(sa.text("PRAGMA journal_mode")) == "wal"
    engine.dispose()
