"""One stream of the default size, told once for all tests of the demo's population."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deploy.demo.generator import generate
from deploy.demo.lines import SourceLine

NOW = datetime(2026, 11, 22, 1, tzinfo=UTC)


@pytest.fixture(scope="package")
def stream() -> list[SourceLine]:
    """10,000 lines, told at `NOW`."""
    return list(generate(10_000, 7, NOW))
