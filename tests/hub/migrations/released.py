"""Databases as release 0.1.0 left them, made from its own statements."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa

from hub.migrations import History

_FOLDER = Path(__file__).parent / "release_0_1_0"

#: A row or two of what the registers knew.
ROWS: dict[str, list[dict[str, Any]]] = {
    "progress": [{"topic": "received", "position": 41}],
    "events": [
        {
            "position": 41,
            "event_id": "e41",
            "at": 7,
            "type": "DeathRegistered",
            "person": "001099000041",
            "fact": "001099000041|DeathRegistered|1",
            "version": 1,
            "change": "REGISTERED",
            "vital_fact": None,
            "fate": "published",
            "fate_position": 41,
            "fate_at": 8,
            "with_event": None,
            "sent_to": '{"tax":["tax","law",false]}',
            "withheld_from": None,
        }
    ],
    "held": [
        {
            "position": 40,
            "held_at": 41,
            "released_at": None,
            "rank": 40,
            "person": "001099000040",
            "why": "original",
            "until": 99,
            "at": 6,
            "key": "001099000040",
            "headers": "{}",
            "value": b"\0\xff",
        }
    ],
    "set_aside": [
        {
            "position": 39,
            "decided_at": 40,
            "event_id": "e39",
            "at": 6,
            "verdict": "duplicate",
            "reason": "fact",
            "detail": "e41",
        }
    ],
    "numbers": [{"number": "001099000040", "position": 12, "person": "001099000041", "fact_id": "n1"}],
    "consents": [
        {
            "person": "001099000041",
            "agency": "bank",
            "purpose": "p",
            "step": 82,
            "given": True,
            "valid_until": None,
            "event_id": "e1",
        }
    ],
    "protections": [{"person": "001099000041", "step": 82, "level": "WITNESS"}],
    "residences": [{"person": "001099000041", "step": 82, "province": "01"}],
    "tallies": [
        {"position": 0, "name": "published", "label": "", "count": 30},
        {"position": 41, "name": "published", "label": "", "count": 1},
    ],
    "refusals": [{"place": "file:3", "event_id": None, "at": 5, "reason": "not_json", "detail": "not JSON"}],
    "taken": [{"event_id": "e41", "place": "file:1"}],
    "bulk": [
        {"id": 1, "place": "file:9", "at": 5, "key": None, "headers": None, "value": None},
        {"id": 2, "place": "file:10", "at": 5, "key": "001099000042", "headers": "{}", "value": b"\1"},
    ],
    "delivery_feeds": [{"agency": "tax", "turns": 9}],
    "deliveries": [
        {
            "agency": "tax",
            "position": 3,
            "event_id": "e41",
            "delivered_at": 9,
            "attempts": 1,
            "replayed_by": None,
        }
    ],
    "held_deliveries": [
        {
            "agency": "tax",
            "position": 4,
            "event_id": "e42",
            "type": "DeathRegistered",
            "state": "parked",
            "at": 9,
            "key": "001099000042",
            "value": b"\2",
            "headers": b"{}",
            "attempts": 1,
            "error_class": "constraint",
            "message": "no",
            "held_at": 10,
            "behind": None,
            "waiting_since": None,
            "due_at": None,
            "requested_by": None,
            "requested_at": None,
            "reason": None,
            "delivered_at": None,
        }
    ],
    "delivery_attempts": [
        {
            "agency": "tax",
            "position": 4,
            "number": 1,
            "at": 10,
            "seconds": 0.5,
            "outcome": "rejected",
            "error_class": "constraint",
            "message": "no",
            "requested_by": None,
            "requested_at": None,
            "reason": None,
        }
    ],
}


def make_released(engine: sa.Engine, which: History) -> None:
    """Make the tables of release 0.1.0, with rows in each."""
    text = (_FOLDER / f"{which.name}.{engine.dialect.name}.sql").read_text()
    with engine.begin() as connection:
        for statement in text.split(";"):
            if statement.strip():
                connection.execute(sa.text(statement))
        for table in sa.inspect(connection).get_table_names():
            if table in which.tables:
                fill(connection, table)


def fill(connection: sa.Connection, table: str) -> None:
    """Put the rows into a table."""
    names = list(ROWS[table][0])
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join(f":{name}" for name in names)
    connection.execute(sa.text(f"INSERT INTO {table} ({columns}) VALUES ({marks})"), ROWS[table])


def rows_of(engine: sa.Engine, table: str) -> list[dict[str, Any]]:
    """Return all rows of a table, bytes as bytes, with the columns that it has now."""
    with engine.connect() as connection:
        found = sa.Table(table, sa.MetaData(), autoload_with=connection)
        order = list(found.primary_key.columns)
        return [dict(row) for row in connection.execute(sa.select(found).order_by(*order)).mappings()]
