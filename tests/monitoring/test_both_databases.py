"""What the console looks up of persons, refusals and the audit trail: the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

import hub.migrations  # noqa: F401 - knows the tables of every part
from hub.audit import Entry, newest_entries, write_entry
from hub.contacts.tables import contacts
from hub.database import open_database, reading, sqlite_url
from hub.deliveries.tables import delivered
from hub.deliveries.tables import metadata as deliveries_metadata
from hub.eventlog import Message, Outputs, start_of
from hub.eventlog.sqlite import SqliteLog
from hub.headers import ID
from hub.registers import tables as t
from hub.topics import outbox
from monitoring.asides import lately
from monitoring.counters import read_counters
from monitoring.evidence import Stores
from monitoring.person.acts import acts_of
from monitoring.person.history import every_page, page_of, received

ONE, OTHER = "001090000001", "001090000010"


@pytest.fixture(params=["sqlite", "postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """Empty stores, with registers and deliveries in one database."""
    own = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "hub.db") if own else request.getfixturevalue("postgres_url"))
    t.metadata.create_all(engine)
    deliveries_metadata.create_all(engine)
    with SqliteLog(tmp_path / "log.db") as log:
        yield Stores(log, engine, engine)
    engine.dispose()


def _event(position: int, person: str, at: int, kind: str = "ResidenceChanged", **other: Any) -> dict[str, Any]:
    row = {
        "position": position,
        "event_id": f"event-{position}",
        "at": at,
        "type": kind,
        "person": person,
        "fact": f"{person}|{kind}|fact-{position}",
        "version": 1,
        "change": "CREATED",
        "fate": "published",
        "fate_position": position,
        "fate_at": at,
        "sent_to": orjson.dumps({"tax": ["p", "statute: x", False], "province": ["p", "statute: y", True]}).decode(),
    }
    return row | other


def test_a_person_in_two_partitions_is_told_in_the_order_of_time(stores: Stores) -> None:
    far = start_of(1)
    rows = [
        _event(far + 1, ONE, 100),
        _event(1, ONE, 200),
        _event(2, f"{ONE}0", 150),
        _event(far + 2, OTHER, 300),
        _event(3, ONE, 400, "CardVerified"),
    ]
    with stores.registers.begin() as connection:
        connection.execute(sa.insert(t.events), rows)
        place = {"agency": "tax", "position": 7, "event_id": "event-1", "delivered_at": 500, "attempts": 1}
        connection.execute(sa.insert(delivered), place)
    mine = [one.event_id for one in every_page(stores, [ONE])]
    assert mine == [f"event-{far + 1}", "event-1", "event-3"]
    both = [one.event_id for one in page_of(stores, [ONE, OTHER], (200, 1), 2)]
    assert both == [f"event-{far + 2}", "event-3"]
    shares = {one.agency: (one.state, one.delivered_at) for one in page_of(stores, [ONE], (100, far + 1), 1)[0].shares}
    assert shares == {"province": ("pending", None), "tax": ("delivered", 500)}
    assert [(one.agency, one.events) for one in received(stores.registers, [ONE])[0]] == [("province", 3), ("tax", 3)]
    assert [act.position for act in acts_of(stores.registers, [ONE], lambda _: {})] == [1, far + 1]


def test_what_an_agency_that_fetches_has_asked_behind_is_delivered(stores: Stores) -> None:
    messages = [Message(ONE, b"", {ID: f"event-{number}"}) for number in (1, 2, 3)]
    stores.log.append(Outputs({outbox("province"): messages}))  # type: ignore[attr-defined]
    at = stores.log.scan(outbox("province"), 0, 1)[0].at
    with stores.registers.begin() as connection:
        connection.execute(sa.insert(t.events), [_event(number, ONE, at) for number in (1, 2, 3)])
        connection.execute(sa.insert(contacts), {"agency": "province", "asked_behind": 2})
    states = [share.state for one in every_page(stores, [ONE]) for share in one.shares if share.agency == "province"]
    assert states == ["delivered", "delivered", "pending"]


def test_the_newest_refusals_of_both_kinds_come_first(stores: Stores) -> None:
    aside = {"verdict": "duplicate", "reason": "fact", "detail": "event-1"}
    refused = {"reason": "schema", "detail": f"about {ONE}"}
    with stores.registers.begin() as connection:
        connection.execute(
            sa.insert(t.progress), [{"topic": "received", "partition": n, "position": 9} for n in (0, 1)]
        )
        for position, at in ((1, 10), (2, 40), (start_of(1) + 1, 30)):
            row = {"position": position, "decided_at": position, "event_id": f"event-{position}", "at": at, **aside}
            connection.execute(sa.insert(t.set_aside), row)
        for number in (20, 50):
            row = {"place": f"x{number}", "event_id": None, "at": number, **refused}
            connection.execute(sa.insert(t.refusals), row)
    assert [one.at for one in lately(stores.registers, 4)] == [50, 40, 30, 20]
    assert ONE not in repr(lately(stores.registers))


def test_entries_are_found_by_what_they_are_about(stores: Stores) -> None:
    with stores.deliveries.begin() as connection:
        for number in range(5):
            write_entry(connection, Entry(number, "lan", f"act.{number % 2}", f"agency-{number % 2}", None, {}))
    with reading(stores.deliveries) as connection:
        assert [one.number for one in newest_entries(connection, 2)] == [5, 4]
        assert [one.number for one in newest_entries(connection, 9, 4, subject="agency-0")] == [3, 1]
        assert [one.number for one in newest_entries(connection, 9, action="act.1", by="lan")] == [4, 2]


def test_a_hub_without_counters_has_none(stores: Stores) -> None:
    assert read_counters(stores.deliveries, 72, 0) == ([], [])
