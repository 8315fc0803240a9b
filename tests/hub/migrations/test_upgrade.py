"""Upgrading: a database of the release before keeps its rows; nobody works on tables that are not current."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.migrations import (
    DELIVERIES,
    REGISTERS,
    History,
    OldSchema,
    Standing,
    Step,
    UpgradeRefused,
    open_new_or_require,
    require_current,
    state,
    upgrade,
)
from hub.migrations.upgrading import name_of
from tests.hub.migrations.released import ROWS, make_released, rows_of

BOTH = pytest.mark.parametrize("which", [REGISTERS, DELIVERIES], ids=lambda which: which.name)
_BY_NAME = {"registers": REGISTERS, "deliveries": DELIVERIES}


def _says(engine: sa.Engine, which: History, revision: str) -> None:
    """Write a revision down as if another program had."""
    with engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {which.version_table} SET version_num = '{revision}'"))


@BOTH
def test_an_empty_database_gets_all_tables_and_is_current(engine: sa.Engine, which: History) -> None:
    told: list[Step] = []
    assert state(engine, which).standing is Standing.EMPTY
    before = upgrade(engine, which, told.append)
    assert (before.standing, list(before.pending)) == (Standing.EMPTY, told)
    assert [step.revision for step in told] == which.revisions
    found = state(engine, which)
    assert (found.standing, found.revision, found.pending) == (Standing.CURRENT, which.head, ())
    require_current(engine, which)


@BOTH
def test_upgrading_again_does_nothing(engine: sa.Engine, which: History) -> None:
    upgrade(engine, which)
    told: list[Step] = []
    assert upgrade(engine, which, told.append).standing is Standing.CURRENT
    assert told == []


@BOTH
def test_tables_of_the_first_release_keep_every_row(engine: sa.Engine, which: History) -> None:
    make_released(engine, which)
    assert state(engine, which).standing is Standing.UNSTAMPED
    told: list[Step] = []
    upgrade(engine, which, told.append)
    assert [step.revision for step in told] == which.revisions[1:]
    require_current(engine, which)
    kept = [table for table in ROWS if table in which.tables]
    assert kept
    for table in kept:
        found = rows_of(engine, table)
        assert [{name: row[name] for name in ROWS[table][0]} for row in found] == ROWS[table], table


def test_how_far_the_registers_are_is_kept_as_that_of_partition_0(engine: sa.Engine) -> None:
    make_released(engine, REGISTERS)
    upgrade(engine, REGISTERS)
    assert rows_of(engine, "progress") == [{"topic": "received", "partition": 0, "position": 41}]
    assert rows_of(engine, "routes") == []


def test_tables_of_today_without_a_revision_are_refused(engine: sa.Engine) -> None:
    REGISTERS.metadata.create_all(engine)
    with pytest.raises(UpgradeRefused, match=r"routes.*no release of dancu made it so"):
        upgrade(engine, REGISTERS)


@BOTH
def test_each_revision_is_done_wholly_or_not_at_all(engine: sa.Engine, which: History) -> None:
    late = {"registers": "ix_refusals_reason", "deliveries": "held_deliveries_behind"}[which.name]
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE other (x INTEGER)"))
        connection.execute(sa.text(f"CREATE INDEX {late} ON other (x)"))  # stands in the way near the end
    with pytest.raises(sa.exc.DBAPIError):
        upgrade(engine, which)
    with engine.connect() as connection:
        assert sa.inspect(connection).get_table_names() == ["other"]
    with engine.begin() as connection:
        connection.execute(sa.text(f"DROP INDEX {late}"))
    upgrade(engine, which)
    require_current(engine, which)


def _upgrade_both(url: str, results: multiprocessing.Queue[list[str]]) -> None:
    engine = open_database(url)
    told: list[Step] = []
    for which in _BY_NAME.values():
        upgrade(engine, which, told.append)
    results.put([f"{step.history} {step.revision}" for step in told])
    engine.dispose()


def _open_both(url: str, results: multiprocessing.Queue[list[str]]) -> None:
    engine = open_database(url)
    for which in _BY_NAME.values():
        open_new_or_require(engine, which)
    results.put([])
    engine.dispose()


def _in_processes(work: Callable[..., None], url: str, count: int) -> list[list[str]]:
    spawn = multiprocessing.get_context("spawn")
    results: multiprocessing.Queue[list[str]] = spawn.Queue()
    processes = [spawn.Process(target=work, args=(url, results)) for _ in range(count)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    assert [process.exitcode for process in processes] == [0] * count
    return [results.get(timeout=10) for _ in processes]


def test_processes_that_upgrade_at_once_do_each_revision_once(url: str, engine: sa.Engine) -> None:
    done = _in_processes(_upgrade_both, url, 3)
    every = [f"{which.name} {revision}" for which in _BY_NAME.values() for revision in which.revisions]
    assert sorted(step for steps in done for step in steps) == sorted(every)
    for which in _BY_NAME.values():
        require_current(engine, which)


def test_threads_that_upgrade_at_once_do_each_revision_once(engine: sa.Engine) -> None:
    told: list[Step] = []
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: upgrade(engine, REGISTERS, told.append), range(4)))
    assert [step.revision for step in told] == REGISTERS.revisions


def test_processes_that_start_in_a_new_home_at_once_all_get_in(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "new.db")
    _in_processes(_open_both, url, 3)
    engine = open_database(url)
    for which in _BY_NAME.values():
        require_current(engine, which)
    engine.dispose()


@BOTH
def test_only_an_empty_file_is_made_new_by_itself(tmp_path: Path, which: History) -> None:
    engine = open_database(sqlite_url(tmp_path / "new.db"))
    open_new_or_require(engine, which)
    open_new_or_require(engine, which)
    _says(engine, which, "9999")
    with pytest.raises(OldSchema, match="a newer dancu made them"):
        open_new_or_require(engine, which)
    engine.dispose()


@BOTH
def test_an_empty_postgresql_database_is_refused_with_what_to_do(postgres_url: str, which: History) -> None:
    engine = open_database(postgres_url)
    with pytest.raises(OldSchema) as refusal:
        open_new_or_require(engine, which)
    said, secret = str(refusal.value), engine.url.password
    assert "dancu db upgrade" in said
    assert f"the {which.name} are not there yet" in said
    assert f"PostgreSQL {engine.url.database} on 127.0.0.1:{engine.url.port}" in said
    assert secret is not None
    assert secret not in said
    engine.dispose()


@pytest.mark.parametrize("query", ["password=hidden", "sslpassword=hidden&host=db.example"])
def test_a_password_anywhere_in_the_url_is_not_said(query: str) -> None:
    engine = open_database(f"postgresql+psycopg://dancu:hidden@/hub?{query}")
    assert "hidden" not in name_of(engine)
    engine.dispose()


def test_tables_without_a_revision_are_refused_until_they_are_upgraded(engine: sa.Engine) -> None:
    make_released(engine, REGISTERS)
    with pytest.raises(OldSchema, match=r"release 0\.1\.0.*keep a copy.*dancu db upgrade"):
        open_new_or_require(engine, REGISTERS)
    upgrade(engine, REGISTERS)
    open_new_or_require(engine, REGISTERS)


@BOTH
def test_tables_of_a_newer_program_are_left_alone(engine: sa.Engine, which: History) -> None:
    upgrade(engine, which)
    _says(engine, which, "9999")
    assert state(engine, which).standing is Standing.NEWER
    with pytest.raises(OldSchema, match="revision 9999, which this dancu doesn't know"):
        require_current(engine, which)
    with pytest.raises(UpgradeRefused, match="Install that one"):
        upgrade(engine, which)


@BOTH
def test_tables_that_no_release_made_are_refused(engine: sa.Engine, which: History) -> None:
    one = sorted(which.tables)[0]
    with engine.begin() as connection:
        connection.execute(sa.text(f"CREATE TABLE {one} (x INTEGER)"))
    with pytest.raises(UpgradeRefused, match="no release of dancu made it so"):
        upgrade(engine, which)


def test_a_table_in_use_is_waited_for_only_so_long(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(postgres_url)
    make_released(engine, REGISTERS)
    monkeypatch.setattr("hub.migrations.upgrading._PATIENCE", "100ms")
    with engine.begin() as worker:
        worker.execute(sa.text("LOCK TABLE progress, held, events IN ACCESS SHARE MODE"))
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            upgrade(engine, REGISTERS)
    upgrade(engine, REGISTERS)
    require_current(engine, REGISTERS)
    engine.dispose()
