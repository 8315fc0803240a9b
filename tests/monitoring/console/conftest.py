"""One scene for all tests of the console; making it takes longer than any of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitoring.console.scene import Scene, open_scene

_HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of the scene in one worker, so that it is made once."""
    for item in items:
        if item.path.is_relative_to(_HERE) and "scene" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """Open it."""
    with open_scene(tmp_path_factory.mktemp("console")) as scene:
        yield scene
