"""Counts in both kinds of databases."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.activity import Activity
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the tables."""
    sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path / "hub.db") if sqlite else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def activity(engine: sa.Engine) -> Activity:
    """No counts yet."""
    return Activity(engine)
