"""Whom the tests of the card reader trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from adapters.card_reader.trust import Trust, load_trust
from tests.adapters.card_reader.virtual.variants import write_trust


@pytest.fixture(scope="session")
def trust_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder as an operator fills it."""
    return write_trust(tmp_path_factory.mktemp("trust") / "csca")


@pytest.fixture(scope="session")
def trust(trust_folder: Path) -> Trust:
    """Return what the folder says."""
    return load_trust(trust_folder)
