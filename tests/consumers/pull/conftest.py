"""Fixtures of the pull feed's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.consumers.pull.scene import Scene, a_scene

__all__ = ["scene"]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """A new hub that answers over HTTP; tax has a token."""
    with a_scene(tmp_path) as scene:
        yield scene
