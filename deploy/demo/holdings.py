"""What the demo's agencies have of their own before the first event, and what the events did to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import orjson
import sqlalchemy as sa

from adapters.agencies import insurance, land, tax, welfare
from deploy.bootstrap import Hub
from deploy.demo.lines import SourceLine
from hub.database import open_database, reading

#: How many persons own land and have a payment account at the start.
_OWNERS = 300

#: (agency, what happened in Vietnamese and English, table, condition)
_EFFECTS: Sequence[tuple[str, str, sa.Table, sa.ColumnElement[bool]]] = (
    ("tax", "hồ sơ thuế đóng / taxpayers closed", tax.TAXPAYERS, tax.TAXPAYERS.c.state == "closed"),
    ("tax", "người phụ thuộc / dependants", tax.DEPENDANTS, sa.true()),
    ("insurance", "thẻ BHYT trẻ em / child health cards", insurance.CARDS, insurance.CARDS.c.state == "valid"),
    ("insurance", "mai táng phí / funeral cases opened", insurance.FUNERALS, insurance.FUNERALS.c.state == "open"),
    ("insurance", "lượt khám / check-ins", insurance.CHECK_INS, sa.true()),
    ("land", "thửa đất chờ thừa kế / titles for inheritance", land.TITLES, land.TITLES.c.flagged),
    ("welfare", "ngừng chi trả / payments stopped", welfare.STOPS, welfare.STOPS.c.state == "stopped"),
    ("welfare", "tháng truy lĩnh / missed months to pay", welfare.MISSED, sa.true()),
    ("welfare", "trợ cấp trẻ em / child support", welfare.CHILD_SUPPORT, welfare.CHILD_SUPPORT.c.state == "open"),
)


def endow(hub: Hub, lines: Sequence[SourceLine]) -> None:
    """Give some of the persons who will die a land title and a payment account, as the agencies' own data."""
    persons = sorted({person for line in lines if (person := _who_dies(line)) is not None})[:_OWNERS]
    titles = [{"title_no": f"DEMO-{i:05}", "owner_number": person} for i, person in enumerate(persons)]
    accounts = [{"person": person, "account": f"9704-{i:05}"} for i, person in enumerate(persons)]
    for agency, table, rows in (("land", land.TITLES, titles), ("welfare", welfare.ACCOUNTS, accounts)):
        if agency in hub.agencies and rows:
            hub.destination(agency).deliver(())  # makes its tables
            with _database(hub, agency) as engine, engine.begin() as connection:
                connection.execute(sa.insert(table), rows)


def effects(hub: Hub) -> list[tuple[str, str, int]]:
    """Count what the events did in the agencies' own systems: agency, what, how many."""
    found = []
    for agency, what, table, condition in _EFFECTS:
        if agency in hub.agencies:
            with _database(hub, agency) as engine, reading(engine) as connection:
                query = sa.select(sa.func.count()).select_from(table).where(condition)
                found.append((agency, what, connection.execute(query).scalar_one()))
    return found


@contextmanager
def _database(hub: Hub, agency: str) -> Iterator[sa.Engine]:
    engine = open_database(hub.agency_url(agency))
    try:
        yield engine
    finally:
        engine.dispose()


def _who_dies(line: SourceLine) -> str | None:
    if b'"DeathRegistered"' not in line.raw or line.intent.startswith("invalid"):
        return None
    event: dict[str, Any] = orjson.loads(line.raw)
    return str(event["subject"])
