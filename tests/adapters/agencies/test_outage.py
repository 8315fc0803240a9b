"""A database that can't be used is an outage, told in plain words without secrets; nothing is applied."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.agencies import AGENCIES, open_agency
from adapters.agencies.outage import outage, place
from adapters.agencies.sql_system import SqlSystem
from hub.database import open_database, sqlite_url
from hub.destination import Unavailable
from tests.adapters.agencies.register import NAME, Register
from tests.missing import skip_missing


def test_a_locked_file_is_an_outage_and_the_batch_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "tax.db"
    death = Register().tells("DeathRegistered", died_on="2025-03-01")
    engine = open_database(sqlite_url(path))

    @sa.event.listens_for(engine, "connect")
    def impatient(connection: sqlite3.Connection, _: object) -> None:
        connection.execute("PRAGMA busy_timeout = 50")

    with closing(SqlSystem(AGENCIES["tax"], engine)) as system:
        system.deliver([])
        with closing(sqlite3.connect(path, isolation_level=None)) as holder:
            holder.execute("BEGIN IMMEDIATE")
            with pytest.raises(Unavailable, match=r"tax: database .*tax\.db: another program holds it"):
                system.deliver([death])
            holder.execute("ROLLBACK")
        assert not system.deliver([death]).rejected
        with engine.connect() as connection:
            assert connection.execute(sa.text("SELECT count(*) FROM applied_events")).scalar() == 1


def test_a_file_that_is_no_database_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "tax.db").write_bytes(b"Not a database at all. " * 100)
    system = open_agency("tax", sqlite_url(tmp_path / "tax.db"))
    with closing(system), pytest.raises(Unavailable, match="not a database; move it away and restore it"):
        system.deliver([])


def test_a_damaged_file_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "tax.db"
    with closing(open_agency("tax", sqlite_url(path))) as system:
        system.deliver([Register().tells("DeathRegistered", died_on="2025-03-01")])
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))
    with closing(open_agency("tax", sqlite_url(path))) as system, pytest.raises(Unavailable, match="damaged"):
        system.deliver([Register().tells("PersonDetailsCorrected", name=NAME)])


def test_a_missing_folder_is_an_outage(tmp_path: Path) -> None:
    system = open_agency("tax", sqlite_url(tmp_path / "nowhere" / "tax.db"))
    with closing(system), pytest.raises(Unavailable, match="check that its folder exists"):
        system.deliver([])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with 256 KiB."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        skip_missing("a small disk needs root and mount")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=256k", "tmpfs", tmp_path], capture_output=True).returncode:
        skip_missing("a small disk can't be mounted here")
    yield tmp_path
    subprocess.run(["umount", tmp_path], check=True)


def test_a_full_disk_is_an_outage_and_what_was_applied_stays(small_disk: Path) -> None:
    register = Register()
    with closing(open_agency("tax", sqlite_url(small_disk / "tax.db"))) as system:
        system.deliver([register.tells("DeathRegistered", died_on="2025-03-01")])
        many = [register.tells("DeathRegistered", f"0013010{n:05d}", died_on="2025-03-01") for n in range(3000)]
        with pytest.raises(Unavailable, match=r"free some space|free space"):
            system.deliver(many)
    with closing(sqlite3.connect(small_disk / "tax.db")) as connection:
        assert connection.execute("SELECT count(*) FROM applied_events").fetchone() == (1,)


def test_a_server_that_is_away_is_an_outage_without_the_password() -> None:
    url = "postgresql+psycopg://hub:s3cret@127.0.0.1:9/agencies?application_name=hidden"
    with closing(open_agency("tax", url)) as system, pytest.raises(Unavailable) as told:
        system.deliver([])
    assert str(told.value).startswith("tax: database agencies on 127.0.0.1:9: it can't be reached")
    assert not {"s3cret", "hub", "hidden"} & set(str(told.value).replace(":", " ").split())


def test_a_refused_password_is_an_outage(postgres_url: str) -> None:
    wrong = sa.make_url(postgres_url).set(password="wr0ng").render_as_string(hide_password=False)
    with closing(open_agency("tax", wrong)) as system, pytest.raises(Unavailable, match="refuses the user") as told:
        system.deliver([])
    assert "wr0ng" not in str(told.value)


def test_a_connection_that_breaks_is_an_outage_once_and_then_works_again(postgres_url: str) -> None:
    with closing(open_agency("tax", postgres_url)) as system:
        system.deliver([])
        engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
        with engine.connect() as other:
            others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
            other.execute(sa.text(f"{others} AND datname = current_database()"))
        death = Register().tells("DeathRegistered", died_on="2025-03-01")
        with pytest.raises(Unavailable):
            system.deliver([death])
        assert not system.deliver([death]).rejected


def test_a_user_without_rights_is_an_outage(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with closing(open_agency("tax", postgres_url)) as system:
        system.deliver([])
        system.close()
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE ROLE weak_role LOGIN PASSWORD 'w'")
        try:
            weak = sa.make_url(postgres_url).set(username="weak_role", password="w")
            refused = open_agency("tax", weak.render_as_string(hide_password=False))
            with closing(refused), pytest.raises(Unavailable, match="grant it the rights"):
                refused.deliver([Register().tells("DeathRegistered", died_on="2025-03-01")])
        finally:
            with engine.begin() as connection:
                connection.exec_driver_sql("DROP ROLE weak_role")


def test_an_unknown_cause_is_named_by_its_kind_only() -> None:
    error = sa.exc.OperationalError("INSERT 001301000001", {}, sqlite3.OperationalError("odd 001301000001"))
    told = str(outage("tax", sa.make_url("sqlite:///x.db"), error))
    assert told == "tax: database x.db: it answered with OperationalError; see the log of the database"


def test_a_database_in_memory_has_a_place_too() -> None:
    assert place(sa.make_url("sqlite://")) == "in memory"
