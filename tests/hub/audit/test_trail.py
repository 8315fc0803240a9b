"""The audit trail: whatever is changed, taken out or cut off is found; those who write at once make one chain."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.audit import Broken, Entry, check_trail, entries_of, last_entry, write_entry
from hub.audit.tables import entries
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database is."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "hub.db")
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    """A database with the tables."""
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def _entry(number: int, by: str = "lan") -> Entry:
    return Entry(1000 + number, by, "agency.suspended", f"a{number % 3}", "vì sao", {"n": number, "b": [1, "ồ"]})


def _write(engine: sa.Engine, count: int, by: str = "lan") -> None:
    for number in range(count):
        with engine.begin() as connection:
            write_entry(connection, _entry(number, by))


def _check(engine: sa.Engine, noted: tuple[int, str] | None = None) -> Broken | None:
    with engine.connect() as connection:
        return check_trail(connection, noted)


def _do(engine: sa.Engine, statement: sa.Executable) -> None:
    with engine.begin() as connection:
        connection.execute(statement)


def test_an_empty_trail_is_whole_unless_an_entry_was_noted(engine: sa.Engine) -> None:
    assert _check(engine) is None
    assert _check(engine, (1, "0" * 64)) == Broken(1, "is missing")
    with engine.connect() as connection:
        assert last_entry(connection) is None


def test_what_was_written_is_read_again_as_it_was(engine: sa.Engine) -> None:
    _write(engine, 5)
    with engine.connect() as connection:
        found = entries_of(connection)
        assert [one.entry for one in found] == [_entry(n) for n in range(5)]
        assert [one.number for one in found] == [1, 2, 3, 4, 5]
        assert [one.number for one in entries_of(connection, "a0")] == [1, 4]
        assert [one.number for one in entries_of(connection, after=3, limit=1)] == [4]
        assert last_entry(connection) == found[-1]
    assert _check(engine) is None


@pytest.mark.parametrize("column", ["at", "by", "action", "subject", "reason", "detail", "before", "hash"])
def test_any_change_of_an_entry_is_found(engine: sa.Engine, column: str) -> None:
    _write(engine, 5)
    value = 7 if column == "at" else "0" * 64
    _do(engine, sa.update(entries).where(entries.c.number == 3).values({column: value}))
    assert _check(engine) == Broken(3, "is not as it was written")


def test_an_entry_that_was_written_anew_with_its_own_hash_is_found_at_the_next(engine: sa.Engine) -> None:
    _write(engine, 3)
    _do(engine, sa.delete(entries).where(entries.c.number > 1))
    with engine.begin() as connection:
        write_entry(connection, _entry(9, "mallory"))
        forged = last_entry(connection)
    assert forged is not None
    _do(engine, sa.delete(entries).where(entries.c.number > 1))
    _write(engine, 3)
    _do(engine, sa.update(entries).where(entries.c.number == 2).values(by="mallory", hash=forged.hash))
    assert _check(engine) is not None


def test_an_entry_that_was_taken_out_is_found(engine: sa.Engine) -> None:
    _write(engine, 5)
    _do(engine, sa.delete(entries).where(entries.c.number == 3))
    assert _check(engine) == Broken(3, "is missing")


def test_the_first_entry_taken_out_is_found(engine: sa.Engine) -> None:
    _write(engine, 3)
    _do(engine, sa.delete(entries).where(entries.c.number == 1))
    assert _check(engine) == Broken(1, "is missing")


def test_a_cut_end_is_found_by_an_entry_noted_elsewhere(engine: sa.Engine) -> None:
    _write(engine, 5)
    with engine.connect() as connection:
        last = last_entry(connection)
    assert last is not None
    noted = (last.number, last.hash)
    assert _check(engine, noted) is None
    _do(engine, sa.delete(entries).where(entries.c.number > 3))
    assert _check(engine) is None, "by itself a shorter trail is whole"
    assert _check(engine, noted) == Broken(4, "is missing")
    _write(engine, 2, by="mallory")
    assert _check(engine, noted) == Broken(5, "is another one than was noted")


def test_a_step_that_fails_leaves_no_entry(engine: sa.Engine) -> None:
    class Failed(Exception):
        pass

    def step() -> None:
        with engine.begin() as connection:
            write_entry(connection, _entry(1))
            raise Failed

    with pytest.raises(Failed):
        step()
    _write(engine, 2)
    assert _check(engine) is None


def _write_elsewhere(url: str, by: str) -> None:
    engine = open_database(url)
    _write(engine, 25, by)
    engine.dispose()


def test_processes_that_write_at_once_make_one_chain(engine: sa.Engine, url: str) -> None:
    spawn = multiprocessing.get_context("spawn")
    children = [spawn.Process(target=_write_elsewhere, args=(url, name)) for name in ("lan", "minh")]
    for child in children:
        child.start()
    for child in children:
        child.join()
        assert child.exitcode == 0
    with engine.connect() as connection:
        found = entries_of(connection)
    assert [one.number for one in found] == list(range(1, 51))
    for name in ("lan", "minh"):
        assert [one.entry.detail["n"] for one in found if one.entry.by == name] == list(range(25))
    assert _check(engine) is None


def test_pages_are_joined_when_the_trail_is_long(engine: sa.Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub.audit.trail._PAGE", 4)
    _write(engine, 10)
    assert _check(engine) is None
    _do(engine, sa.update(entries).where(entries.c.number == 5).values(by="x"))
    assert _check(engine) == Broken(5, "is not as it was written")


@settings(max_examples=25)
@given(st.text(), st.text(), st.none() | st.text(), st.dictionaries(st.text(), st.integers() | st.text(), max_size=3))
def test_any_text_is_kept_or_refused_but_never_breaks_the_chain(
    by: str, subject: str, reason: str | None, detail: dict[str, object]
) -> None:
    engine = sa.create_engine("sqlite://")
    metadata.create_all(engine)
    with engine.connect() as connection:
        try:
            write_entry(connection, Entry(1, by, "x", subject, reason, detail))
        except (UnicodeEncodeError, TypeError):
            return
        write_entry(connection, Entry(2, "lan", "y", "z", None, {}))
        assert check_trail(connection) is None
        assert entries_of(connection)[0].entry.by == by
    engine.dispose()
