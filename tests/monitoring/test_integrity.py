"""The audit trail and the clock are looked at in the background, a part at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.audit.tables import entries
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from monitoring import integrity as module
from monitoring.clock import Jumps, ahead_of_database, offset_of, steady
from monitoring.integrity import Checked, Integrity


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_database(sqlite_url(tmp_path / "hub.db"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at ten entries at a time, and at twenty of the old."""
    monkeypatch.setattr(module, "_PAGE", 10)
    monkeypatch.setattr(module, "_AGAIN", 20)


def write(engine: sa.Engine, count: int) -> None:
    for number in range(count):
        with engine.begin() as connection:
            write_entry(connection, Entry(number, "lan", "agency.suspended", "tax", None, {}))


def change(engine: sa.Engine, number: int, **values: object) -> None:
    with engine.begin() as connection:
        connection.execute(sa.update(entries).where(entries.c.number == number).values(**values))


def looked(integrity: Integrity) -> tuple[bool | None, int | None]:
    integrity.look()
    return integrity.checked.intact, integrity.checked.entries


def made(engine: sa.Engine, offset: Callable[[], float] = lambda: 0.5) -> Integrity:
    return Integrity(engine, offset, clock=lambda: 77.0)


def test_nothing_is_said_before_the_first_look_and_what_is_new_is_checked_at_each(engine: sa.Engine) -> None:
    integrity = made(engine)
    assert integrity.checked == Checked()
    assert looked(integrity) == (True, 0)
    write(engine, 3)
    assert looked(integrity) == (True, 3)
    assert (integrity.checked.at, integrity.checked.clock_offset) == (77.0, 0.5)


def test_a_changed_new_entry_is_seen_at_once_and_counts_as_right_when_it_is_put_back(engine: sa.Engine) -> None:
    write(engine, 3)
    integrity = made(engine)
    change(engine, 2, by="minh")
    assert looked(integrity) == (False, 3)
    assert looked(integrity) == (False, 3)
    change(engine, 2, by="lan")
    assert looked(integrity) == (True, 3)


@pytest.mark.usefixtures("small")
def test_a_changed_old_entry_is_seen_when_its_turn_comes(engine: sa.Engine) -> None:
    write(engine, 100)
    integrity = made(engine)
    assert looked(integrity) == (True, 100)
    change(engine, 55, reason="another")
    answers = [looked(integrity)[0] for _ in range(6)]
    assert answers.index(False) in range(1, 6), "twenty at a time"
    assert looked(integrity)[0] is False


@pytest.mark.usefixtures("small")
def test_a_look_reads_a_part_however_long_the_trail_is(engine: sa.Engine) -> None:
    write(engine, 100)
    integrity = made(engine)
    integrity.look()
    read = []
    sa.event.listen(engine, "before_cursor_execute", lambda *args: read.append(args[2]))
    integrity.look()
    pages = [one for one in read if "audit_entries" in str(one)]
    assert len(pages) <= 5


def test_an_end_that_was_cut_off_is_seen(engine: sa.Engine) -> None:
    write(engine, 5)
    integrity = made(engine)
    assert looked(integrity) == (True, 5)
    with engine.begin() as connection:
        connection.execute(sa.delete(entries).where(entries.c.number > 3))
    assert [looked(integrity) for _ in range(3)] == [(False, 3)] * 3
    write(engine, 4)
    assert looked(integrity)[0] is False, "others in their place do not make it good"


def test_an_end_that_was_written_anew_is_seen(engine: sa.Engine) -> None:
    write(engine, 5)
    integrity = made(engine)
    assert looked(integrity) == (True, 5)
    with engine.begin() as connection:
        connection.execute(sa.delete(entries).where(entries.c.number > 4))
    with engine.begin() as connection:
        write_entry(connection, Entry(9, "minh", "agency.suspended", "tax", None, {}))
    assert [looked(integrity)[0] for _ in range(3)] == [False] * 3


def test_what_can_not_be_asked_keeps_its_last_answer(engine: sa.Engine) -> None:
    def broken() -> float:
        raise OSError("away")

    integrity = made(engine, broken)
    assert looked(integrity) == (True, 0)
    assert integrity.checked.clock_offset is None
    with engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE audit_entries"))
    assert looked(integrity) == (True, 0)


def test_it_looks_in_the_background_and_ends_with_the_block(engine: sa.Engine) -> None:
    write(engine, 2)
    integrity = made(engine)
    with integrity.watching(every=0.01):
        while integrity.checked.entries != 2:
            ...


def test_a_jump_of_the_clock_is_told_for_an_hour() -> None:
    wall, forwards = [1000.0], [0.0]
    jumps = Jumps(lambda: wall[0], lambda: forwards[0])

    def pass_time(seconds: float, jump: float = 0.0) -> float:
        forwards[0] += seconds
        wall[0] += seconds + jump
        return jumps()

    assert pass_time(60) == 0
    assert pass_time(60, jump=-20) == pytest.approx(-20)
    assert pass_time(1800) == pytest.approx(-20)
    assert pass_time(3000) == 0
    assert steady() <= steady()


def test_without_a_server_jumps_are_told(engine: sa.Engine) -> None:
    assert isinstance(offset_of(engine), Jumps)


def test_our_clock_is_compared_with_the_databases(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    try:
        assert abs(offset_of(engine)()) < 60
        assert ahead_of_database(engine, lambda: time.time() + 1000) == pytest.approx(1000, abs=60)
        assert ahead_of_database(engine, lambda: time.time() - 1000) == pytest.approx(-1000, abs=60)
    finally:
        engine.dispose()
