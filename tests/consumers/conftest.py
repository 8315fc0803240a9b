"""Fixtures of the delivery loop's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.agency import Scene, build


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An agency with an empty feed."""
    scene = build(tmp_path)
    yield scene
    scene.close()
