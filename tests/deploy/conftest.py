"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.commands import Dancu


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line over a new home."""
    return Dancu(tmp_path / "home")
