"""Which events kept back are out of date."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.deliveries import Account, Deliveries, DeliveryBrowser, Failure, Outcome, State, Trial, Waiting
from hub.deliveries.tables import metadata
from hub.eventlog import Record

NO = Failure(Outcome.REJECTED, "constraint", "no")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    """A database with the tables."""
    sqlite = request.param == "sqlite"
    url = sqlite_url(tmp_path / "hub.db") if sqlite else request.getfixturevalue("postgres_url")
    engine = open_database(url)
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def _version(position: int, fact: str, version: object, key: str = "A", type_: str = "ResidenceChanged") -> Record:
    headers = {"ce_id": f"e{position}", "ce_type": type_, "ce_factid": fact, "ce_factversion": str(version)}
    return Record(position, 1, key, b"x", headers)


def _kept(engine: sa.Engine, first: Record, *others: Record, agency: str = "tax") -> None:
    waiting = [Waiting(record, first.position) for record in others]
    numbers = {record.key: [record.key] for record in others}
    Deliveries(engine).record(agency, Account([Trial(first, NO, 1, 0.1)], waiting, numbers, 1))


def _superseded(engine: sa.Engine, numbers: dict[str, list[str]] | None = None) -> dict[int, str]:
    browser = DeliveryBrowser(engine)
    found = browser.superseding(browser.parked("tax", states=list(State)), numbers)
    return {position: event_id for (_, position), event_id in found.items()}


def test_a_parked_version_is_out_of_date_when_a_later_one_waits_behind_it(engine: sa.Engine) -> None:
    _kept(engine, _version(1, "R-1", 1), _version(2, "R-1", 2), _version(3, "R-2", 1), _version(4, "R-1", 3))
    assert _superseded(engine) == {1: "e4", 2: "e4"}


def test_versions_are_numbers_and_not_text(engine: sa.Engine) -> None:
    _kept(engine, _version(1, "R-1", 9), _version(2, "R-1", 10))
    assert _superseded(engine) == {1: "e2"}


def test_another_type_agency_or_person_supersedes_nothing(engine: sa.Engine) -> None:
    _kept(engine, _version(1, "R-1", 1), _version(2, "R-1", 2, type_="BirthRegistered"))
    _kept(engine, _version(3, "R-1", 3, key="B"))
    _kept(engine, _version(4, "R-1", 4), agency="land")
    assert _superseded(engine) == {}


def test_a_later_version_under_the_persons_new_number_counts(engine: sa.Engine) -> None:
    _kept(engine, _version(1, "R-1", 1))
    _kept(engine, _version(2, "R-1", 2, key="B"))
    assert _superseded(engine, {"A": ["A", "B"], "B": ["A", "B"]}) == {1: "e2"}


def test_records_without_a_fact_are_left_alone(engine: sa.Engine) -> None:
    _kept(engine, Record(1, 1, "A", b"", {"ce_id": "e1"}), _version(2, "R-1", "x"))
    assert _superseded(engine) == {}
    assert DeliveryBrowser(engine).superseding([]) == {}
