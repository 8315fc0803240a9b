"""What the doctor's tests share: the doctor, and one broker that is entered through many doors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deploy.doctor.house import House, build_house
from tests.deploy.doctor.looking import Doctor
from tests.kafka import need_kafka


@pytest.fixture
def doctor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Doctor:
    """The doctor of a new home, which is not there yet."""
    return Doctor(tmp_path / "home", monkeypatch)


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One broker with a listener for every trouble, and the hub's topics."""
    need_kafka()
    house = build_house(tmp_path_factory.mktemp("doctor"))
    try:
        yield house
    finally:
        house.cluster.kill()
