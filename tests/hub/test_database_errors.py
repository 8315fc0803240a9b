"""Errors of real databases in plain words: what it means, never a value, and whether it passes by itself."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.database_errors import is_passing, plain
from tests.postgres import a_postgres

NUMBER = "001099000041"
DBError = sa.exc.DBAPIError


@pytest.fixture
def engine(postgres_url: str) -> Iterator[sa.Engine]:
    """A database with a table of persons."""
    engine = open_database(postgres_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE persons (number TEXT PRIMARY KEY, age INTEGER NOT NULL)"))
    yield engine
    engine.dispose()


def _error(engine: sa.Engine | sa.URL, *statements: str) -> DBError:
    """Return the error that the statements end with, in one transaction."""
    opened = sa.create_engine(engine) if isinstance(engine, sa.URL) else engine
    try:
        with pytest.raises(DBError) as found:
            _execute(opened, *statements)
        return found.value
    finally:
        if opened is not engine:
            opened.dispose()


def _execute(engine: sa.Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))


@pytest.mark.parametrize(
    ("state", "passing", "words"),
    [
        ("08006", True, "connection to the database was lost"),
        ("25006", True, "read-only"),
        ("40001", True, "trying again helps"),
        ("40P01", True, "trying again helps"),
        ("53100", True, "disk is full"),
        ("53200", True, "too little"),
        ("53300", True, "no connection left"),
        ("55P03", True, "another program"),
        ("57P01", True, "starting or stopping"),
        ("57P02", True, "starting or stopping"),
        ("57P03", True, "starting or stopping"),
        ("57014", True, "took too long"),
        ("23514", False, "breaks a rule"),
        ("22003", False, "can't take a value"),
        ("28P01", False, "refuses our account"),
        ("42501", False, "may not do this"),
        ("42P01", False, "dancu db status"),
        ("58030", False, "its disk"),
        ("XX001", False, "reports an error"),
        ("P0001", False, "reports an error"),
    ],
)
def test_every_kind_of_trouble_has_its_words(engine: sa.Engine, state: str, passing: bool, words: str) -> None:
    error = _error(
        engine, f"DO $$ BEGIN RAISE 'person {NUMBER}' USING ERRCODE = '{state}', DETAIL = '{NUMBER}'; END $$"
    )
    assert words in plain(error)
    assert f"(SQLSTATE {state})" in plain(error)
    assert NUMBER not in plain(error)
    assert is_passing(error) is passing


def test_a_broken_rule_is_told_without_the_key(engine: sa.Engine) -> None:
    row = f"INSERT INTO persons VALUES ('{NUMBER}', 7)"
    error = _error(engine.url, row, row)
    assert NUMBER in str(error.orig)  # the server's own text tells it
    assert plain(error) == "the database refuses a row that breaks a rule of a table (SQLSTATE 23505)."
    assert not is_passing(error)


def test_a_missing_table_asks_for_the_version_of_the_tables(engine: sa.Engine) -> None:
    assert "dancu db status" in plain(_error(engine, "SELECT * FROM nowhere"))


def test_a_read_only_server_is_a_failover_that_passes(engine: sa.Engine) -> None:
    error = _error(engine, "SET TRANSACTION READ ONLY", f"INSERT INTO persons VALUES ('{NUMBER}', 7)")
    assert "read-only" in plain(error)
    assert is_passing(error)


def test_a_connection_that_the_server_ends_passes(engine: sa.Engine) -> None:
    error = _error(engine, "SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_passing(error)
    assert "starting or stopping" in plain(error)


def test_a_deadlock_passes(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("INSERT INTO persons VALUES ('1', 1), ('2', 2)"))
    meeting, errors = threading.Barrier(2, timeout=30), []

    def change(first: str, second: str) -> None:
        update = sa.text("UPDATE persons SET age = age + 1 WHERE number = :number")
        try:
            with engine.begin() as connection:
                connection.execute(update, {"number": first})
                meeting.wait()
                connection.execute(update, {"number": second})
        except DBError as error:
            errors.append(error)

    threads = [threading.Thread(target=change, args=order) for order in (("1", "2"), ("2", "1"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (error,) = errors
    assert is_passing(error)
    assert plain(error).endswith("(SQLSTATE 40P01).")


def test_who_cannot_get_in_learns_why(engine: sa.Engine) -> None:
    url = engine.url
    wrong = _error(url.set(password="wrong"))
    assert "refuses our account" in plain(wrong)
    assert not is_passing(wrong)
    unknown = _error(url.set(database="no-such"))
    assert "no database of this name" in plain(unknown)
    assert not is_passing(unknown)
    unencrypted = _error(url.update_query_dict({"sslmode": "require"}))
    assert "TLS" in plain(unencrypted)
    assert not is_passing(unencrypted)


def test_a_server_that_does_not_answer_passes(engine: sa.Engine) -> None:
    nobody = _error(engine.url.set(port=1))
    assert "nothing answers" in plain(nobody)
    assert is_passing(nobody)
    nowhere = _error(engine.url.set(host="nowhere.invalid"))
    assert "host name is not known" in plain(nowhere)
    assert is_passing(nowhere)


def test_a_standby_passes(engine: sa.Engine) -> None:
    error = _error(
        engine.url.update_query_dict(
            {"target_session_attrs": "read-write", "options": "-c default_transaction_read_only=on"}
        )
    )
    assert "read-only" in plain(error)
    assert is_passing(error)


def test_too_many_connections_pass(engine: sa.Engine) -> None:
    with engine.begin() as connection:
        connection.execute(sa.text("DROP ROLE IF EXISTS crowd"))
        connection.execute(sa.text("CREATE ROLE crowd LOGIN PASSWORD 'crowd' CONNECTION LIMIT 0"))
    error = _error(engine.url.set(username="crowd", password="crowd"))
    assert "no connection left" in plain(error)
    assert is_passing(error)


def test_names_in_the_servers_text_do_not_mislead() -> None:
    said = 'server at "too-many-roles", port 1 failed: FATAL:  password authentication failed for user "standby"'
    assert "refuses our account" in plain(psycopg.OperationalError(f"connection to {said}"))


@pytest.mark.parametrize(
    ("said", "passing"),
    [
        ("FATAL:  the database system is starting up", True),
        ("FATAL:  the database system is shutting down", True),
        ("FATAL:  the database system is in recovery mode", True),
        ("FATAL:  the database system is not yet accepting connections", True),
        ("FATAL:  sorry, too many clients already", True),
        ("FATAL:  remaining connection slots are reserved for roles with the SUPERUSER attribute", True),
        ("SSL SYSCALL error: EOF detected", True),
        ("the connection is closed", True),
        ("connection timeout expired", True),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "a", database "b", no encryption', False),
        ('FATAL:  role "dancu" does not exist', False),
        ("root certificate file does not exist", False),
    ],
)
def test_what_the_client_library_says_without_a_code_is_told_apart(said: str, passing: bool) -> None:
    assert is_passing(psycopg.OperationalError(said)) is passing


def test_mistakes_of_ours_do_not_pass(engine: sa.Engine) -> None:
    assert not is_passing(psycopg.ProgrammingError("the query has 1 placeholder but 0 parameters were passed"))
    assert not is_passing(ValueError("no database error at all"))


def test_a_busy_pool_passes(engine: sa.Engine) -> None:
    small = sa.create_engine(engine.url, pool_size=1, max_overflow=0, pool_timeout=0.01)
    with small.connect(), pytest.raises(sa.exc.TimeoutError) as found:
        small.connect()
    small.dispose()
    assert is_passing(found.value)
    assert "connections to the database are busy" in plain(found.value)


def test_a_server_that_is_killed_and_comes_back_passes() -> None:
    with a_postgres() as server:
        engine = open_database(server.url("postgres"))
        with engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))
            server.kill()
            with pytest.raises(DBError) as lost:
                connection.execute(sa.text("SELECT 1"))
        assert is_passing(lost.value)
        gone = _error(engine)
        assert is_passing(gone)
        server.start()
        with engine.connect() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
        engine.dispose()


def test_sqlites_errors_have_their_words_too(tmp_path: Path) -> None:
    engine = open_database(sqlite_url(tmp_path / "x.db"))
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE persons (number TEXT PRIMARY KEY)"))
    row = f"INSERT INTO persons VALUES ('{NUMBER}')"
    twice = _error(engine, row, row)
    assert plain(twice) == "the database refuses a row that breaks a rule of a table."
    full = _error(engine, "PRAGMA max_page_count = 1", "CREATE TABLE more AS SELECT hex(randomblob(99999)) AS x")
    assert "the disk is full" in plain(full)
    with engine.begin(), sqlite3.connect(tmp_path / "x.db", timeout=0) as other:
        with pytest.raises(sqlite3.OperationalError) as busy:
            other.execute(row)
        assert is_passing(busy.value)
    other.close()
    engine.dispose()
    (tmp_path / "y.db").write_bytes(b"no database" * 999)
    damaged = _error(sa.make_url(sqlite_url(tmp_path / "y.db")), "SELECT * FROM sqlite_master")
    assert "no database" in plain(damaged)
    assert not is_passing(damaged)
