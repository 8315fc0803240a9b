"""One small hub for all tests of the door, and browsers before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.monitoring.console.own_hub import OwnHub, open_own_hub
from tests.monitoring.console.skeleton import Stranger, stranger


@pytest.fixture(scope="package")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnHub]:
    """Open it."""
    with open_own_hub(tmp_path_factory.mktemp("door") / "home") as own:
        yield own


@pytest.fixture
def browser(own: OwnHub) -> Iterator[Stranger]:
    """A browser without a session; the console's clock is right."""
    own.clock.ahead = 0
    with stranger(own) as browser:
        yield browser
