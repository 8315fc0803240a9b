"""What the tests of the hub's side of counters share: a hub on each kind of database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from deploy.dev.postgres import Postgres
from hub.database import open_database
from hub.deliveries.tables import metadata as deliveries
from hub.registers.tables import metadata as registers
from tests.hub.edge.world import World, a_world


@pytest.fixture(scope="session")
def edge_database(postgres_server: Postgres) -> str:
    """One database for all these tests: making one for each takes longer than the tests."""
    postgres_server.make_database("edge")
    engine = open_database(postgres_server.url("edge"))
    for metadata in (registers, deliveries):
        metadata.create_all(engine)
    engine.dispose()
    return postgres_server.url("edge")


@pytest.fixture
def emptied(edge_database: str) -> str:
    """That database, with nothing in it."""
    engine = open_database(edge_database)
    names = ", ".join(f'"{table}"' for metadata in (registers, deliveries) for table in metadata.tables)
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {names}"))
    engine.dispose()
    return edge_database


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    """A hub on each kind of database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("emptied")
    with a_world(tmp_path, url) as made:
        yield made


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[World]:
    """A hub whose databases are files."""
    with a_world(tmp_path) as made:
        yield made
