"""A throw-away PostgreSQL server for tests: started from the installed programs, gone when the tests end."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest
from psycopg import sql

from deploy.dev.postgres import Postgres, programs, start_postgres
from deploy.dev.problem import Missing
from tests.missing import skip_missing

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """Run a server for the session, without waiting for the disk."""
    with a_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres_server: Postgres) -> Iterator[str]:
    """Give every test a fresh, empty database; the URL is SQLAlchemy's, with psycopg."""
    name = f"test_{next(_numbers)}"
    postgres_server.make_database(name)
    yield postgres_server.url(name)
    postgres_server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@contextmanager
def a_postgres(settings: Mapping[str, str] | None = None) -> Iterator[Postgres]:
    """Run a server of its own, to be killed and started again; skip the running test where none is installed."""
    need_postgres()
    folder = Path(tempfile.mkdtemp(prefix="dancu-pg-"))  # not pytest's, where no other account may enter
    try:
        server = start_postgres(folder, settings)
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def need_postgres() -> None:
    """Skip the running test where PostgreSQL can't be started on this machine."""
    try:
        programs()
    except Missing as problem:
        skip_missing(str(problem))
