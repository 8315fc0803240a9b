"""The databases that an agency's system must work on."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.database import sqlite_url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database: first an SQLite file, then PostgreSQL."""
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "agency.db")
    url = request.getfixturevalue("postgres_url")
    assert isinstance(url, str)
    return url
