"""A hub that waits for nothing, fresh for every test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitoring.scene import Scene, open_scene


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """Open it."""
    with open_scene(tmp_path / "home") as scene:
        yield scene
