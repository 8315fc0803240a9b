"""Fixtures of the replay tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.agency import Scene, build
from tests.replay.office import Office, an_office


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An agency with an empty feed."""
    scene = build(tmp_path)
    yield scene
    scene.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    """Two agencies, and an office for replays, on each database."""
    url = None if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    with an_office(tmp_path, url) as office:
        yield office
