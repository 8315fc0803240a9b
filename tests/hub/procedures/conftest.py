"""A hub with linked procedures, fresh for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.dev.postgres import Postgres
from hub.database import open_database
from hub.deliveries.tables import metadata as deliveries
from hub.patience import Patience
from hub.registers.tables import metadata as registers
from tests.hub.procedures.world import World, a_world


@pytest.fixture(scope="session")
def procedures_database(postgres_server: Postgres) -> str:
    """One database for all these tests: making one for each takes longer than the tests."""
    postgres_server.make_database("procedures")
    engine = open_database(postgres_server.url("procedures"))
    for metadata in (registers, deliveries):
        metadata.create_all(engine)
    engine.dispose()
    return postgres_server.url("procedures")


@pytest.fixture
def empty_database(procedures_database: str) -> str:
    """That database, with nothing in it."""
    engine = open_database(procedures_database)
    names = ", ".join(f'"{table}"' for metadata in (registers, deliveries) for table in metadata.tables)
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {names}"))
    engine.dispose()
    return procedures_database


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A hub on each kind of database, in which nothing is kept back."""
    url = request.getfixturevalue("empty_database") if request.param == "postgresql" else None
    with a_world(tmp_path / "hub", url, patience=Patience(0, 0)) as world:
        yield world


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[World]:
    """A hub whose databases are files, with the usual patience."""
    with a_world(tmp_path / "hub") as world:
        yield world
