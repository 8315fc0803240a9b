"""A throw-away PostgreSQL server for tests: started from the installed programs, gone when the tests end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.missing import skip_missing

_INSTALLED = Path("/usr/lib/postgresql")
_USER = "dancu"
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """A running server on 127.0.0.1."""

    port: int
    password: str

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of a database."""
        return f"postgresql+psycopg://{_USER}:{self.password}@127.0.0.1:{self.port}/{database}"

    def execute(self, statement: sql.Composed) -> None:
        """Run one statement outside of any transaction."""
        where: dict[str, Any] = {"host": "127.0.0.1", "port": self.port, "dbname": "postgres"}
        with psycopg.connect(user=_USER, password=self.password, autocommit=True, **where) as connection:
            connection.execute(statement)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Server]:
    """Run a server for the session, without waiting for the disk."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="dancu-pg-"))
    try:
        password = secrets.token_hex(16)
        (folder / "password").write_text(password)
        account = _account(folder)
        _initialise(programs, folder, account)
        process, port = _start(programs, folder, account)
        try:
            yield Server(port, password)
        finally:
            process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown
            process.wait(timeout=30)
    finally:
        shutil.rmtree(folder)


@pytest.fixture
def postgres_url(postgres_server: Server) -> Iterator[str]:
    """Give every test a fresh, empty database; the URL is SQLAlchemy's, with psycopg."""
    name = f"test_{next(_numbers)}"
    postgres_server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    yield postgres_server.url(name)
    postgres_server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _programs() -> Path:
    """Return the folder of the newest installed version."""
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if not found and on_path is None:
        skip_missing("PostgreSQL's server programs (initdb) are not installed")
    return (found[-1] if found else Path(on_path or "").resolve()).parent


def _account(folder: Path) -> dict[str, Any]:
    """Return how to run the programs: PostgreSQL refuses root, so then as an unprivileged user."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    for path in (folder, folder / "password"):
        os.chown(path, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _initialise(programs: Path, folder: Path, account: dict[str, Any]) -> None:
    options = ["-U", _USER, "--pwfile", str(folder / "password"), "--auth=scram-sha-256"]
    options += ["-E", "UTF8", "--locale=C", "--no-sync"]
    command = [str(programs / "initdb"), "-D", str(folder / "data"), *options]
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, **account)
    assert done.returncode == 0, done.stderr


def _start(programs: Path, folder: Path, account: dict[str, Any]) -> tuple[subprocess.Popen[Any], int]:
    """Start the server on a free port; another program may take that port first, so try a few."""
    for _ in range(5):
        port = _free_port()
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)]
        command += ["-h", "127.0.0.1", "-p", str(port), "-F", "-c", "full_page_writes=off"]
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, **account)
        if _is_up(process, port):
            return process, port
    raise AssertionError((folder / "log").read_text())


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _is_up(process: subprocess.Popen[Any], port: int) -> bool:
    """Wait until the server has ended (False) or answers (True); a wrong password is an answer."""
    while process.poll() is None:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=_USER, password="-", dbname="postgres")
        except psycopg.OperationalError as error:
            if "authentication failed" in str(error):
                return True
        time.sleep(0.05)
    return False
