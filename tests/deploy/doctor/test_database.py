"""PostgreSQL: every reason for which the hub can't use it is told apart from the others."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql

from deploy.dev.postgres import Postgres
from deploy.doctor import State
from hub.database import open_database
from hub.migrations import DELIVERIES, REGISTERS, upgrade
from tests.deploy.doctor.looking import Doctor
from tests.postgres import a_postgres


@pytest.fixture
def migrated_url(postgres_url: str) -> str:
    """A database with the hub's tables."""
    engine = open_database(postgres_url)
    for history in (REGISTERS, DELIVERIES):
        upgrade(engine, history)
    engine.dispose()
    return postgres_url


@pytest.fixture(scope="module")
def small_server() -> Iterator[Postgres]:
    """A server that lets in five at once."""
    with a_postgres({"max_connections": "5", "superuser_reserved_connections": "0", "max_wal_senders": "0"}) as server:
        yield server


def _set(url: str, setting: str, value: str) -> None:
    where = sa.make_url(url)
    with psycopg.connect(where.set(drivername="postgresql").render_as_string(False), autocommit=True) as connection:
        names = (sql.Identifier(where.database or ""), sql.Identifier(setting), sql.SQL(value))
        connection.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(*names))


def test_a_database_that_is_well(doctor: Doctor, migrated_url: str) -> None:
    found = doctor(database=migrated_url)
    ours = [one for one in found.findings if one.check.startswith("database") or one.check == "clock.database"]
    assert {one.state for one in ours} == {State.OK}
    checks = ("dns", "tcp", "login", "writable", "connections")
    assert [one.check for one in ours] == [
        *(f"database.{name}" for name in checks),
        "clock.database",
        "database.registers",
        "database.deliveries",
    ]


def test_a_wrong_password(doctor: Doctor, postgres_url: str) -> None:
    wrong = sa.make_url(postgres_url).set(password="not-the-password").render_as_string(hide_password=False)
    found = doctor(database=wrong)
    assert "does not accept the password of dancu" in found.problem("database.login")
    assert {"database.registers", "database.deliveries", "clock.database"} <= found.skipped
    assert not any("not-the-password" in one.what + one.advice for one in found.findings)


def test_a_database_that_is_not_there(doctor: Doctor, postgres_server: Postgres) -> None:
    assert "there is no database nowhere" in doctor(database=postgres_server.url("nowhere")).problem("database.login")


def test_a_database_that_is_reached_and_not_migrated(doctor: Doctor, postgres_url: str) -> None:
    found = doctor(database=postgres_url)
    for one in (found.one("database.registers"), found.one("database.deliveries")):
        assert one.state is State.PROBLEM
        assert one.what == "not migrated: the database can be reached and has none of our tables"
        assert "dancu db upgrade" in one.advice


def test_a_host_that_does_not_resolve(doctor: Doctor) -> None:
    found = doctor(database="postgresql+psycopg://dancu@x.invalid/dancu")
    assert "x.invalid" in found.problem("database.dns")
    assert {"database.tcp", "database.login", "database.registers", "clock.database"} <= found.skipped


def test_a_port_where_nothing_listens(doctor: Doctor) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        url = f"postgresql+psycopg://dancu@127.0.0.1:{bound.getsockname()[1]}/dancu"
        assert "nothing listens" in doctor(database=url).problem("database.tcp")


def test_a_port_that_is_not_postgresqls(doctor: Doctor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql+psycopg://dancu@127.0.0.1:{silent.getsockname()[1]}/dancu"
        assert "says nothing" in doctor(database=url, timeout=0.5).problem("database.login")


def test_a_database_that_is_set_to_read_only(doctor: Doctor, migrated_url: str) -> None:
    _set(migrated_url, "default_transaction_read_only", "on")
    assert "set to read only" in doctor(database=migrated_url).problem("database.writable")


def test_clocks_that_differ(doctor: Doctor, migrated_url: str) -> None:
    with psycopg.connect(migrated_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(
            "CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz LANGUAGE sql"
            " AS $$ SELECT pg_catalog.clock_timestamp() + interval '1 hour' $$"
        )
    _set(migrated_url, "search_path", "public, pg_catalog")
    told = doctor(database=migrated_url).problem("clock.database")
    assert "differ by 3600" in told or "differ by 3599" in told
    assert "ours is behind" in told


def test_all_connections_in_use_then_a_replica(doctor: Doctor, small_server: Postgres) -> None:
    url = small_server.url("postgres")
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(psycopg.connect(url.replace("+psycopg", "")))
        assert "5 of 5 connections" in doctor(database=url).one("database.connections").what
        held.enter_context(psycopg.connect(url.replace("+psycopg", "")))
        assert "connections" in doctor(database=url).problem("database.login")
    small_server.stop()
    (small_server.folder / "data" / "standby.signal").touch()
    small_server.start()
    assert "this server is a replica" in doctor(database=url).problem("database.writable")


def test_a_url_that_is_none_is_told_without_its_password(doctor: Doctor) -> None:
    found = doctor(database="postgresql+psycopg://dancu:geheim-1@host:port/name")
    assert "DANCU_DATABASE" in found.problem("settings")
    assert not any("geheim" in one.what + one.advice for one in found.findings)
