"""What the tests of the HTTP intake share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.http_intake.serving import Intake, started
from tests.commands import Dancu


@pytest.fixture
def dancu(tmp_path: Path) -> Dancu:
    """The command line over a new home."""
    return Dancu(tmp_path / "home")


@pytest.fixture
def intake(dancu: Dancu) -> Iterator[Intake]:
    """An intake that asks for no token."""
    with started(dancu) as running:
        yield running
