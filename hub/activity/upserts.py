"""How counts are added to those that are there, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.activity import tables as t
from hub.activity.kind import HOUR, MINUTE

_Key = tuple[str, str, int]


def add_spans(connection: sa.Connection, minutes: Mapping[_Key, int]) -> None:
    """Add counts by (kind, name, begin of the minute in ms), and to their hours."""
    hours: Counter[_Key] = Counter()
    bits: Counter[_Key] = Counter()
    for (kind, name, at), count in minutes.items():
        into = at % (HOUR * 1000)
        hours[kind, name, at - into] += count
        bits[kind, name, at - into] |= 1 << (into // (MINUTE * 1000))
    # in one order everywhere: several processes add to the same rows, and none may wait for another in a circle
    rows = [_row(key, MINUTE, minutes[key], 1) for key in sorted(minutes)]
    rows += [_row(key, HOUR, hours[key], bits[key]) for key in sorted(hours)]
    insert, c = _insert(connection, t.activity), t.activity.c
    upsert = insert.on_conflict_do_update(
        index_elements=["kind", "name", "grain", "at"],
        set_={
            "count": c.count + insert.excluded.count,
            "minutes": c.minutes.bitwise_or(insert.excluded.minutes),
        },
    )
    connection.execute(upsert, rows)


def _row(key: _Key, grain: int, count: int, minutes: int) -> dict[str, Any]:
    kind, name, at = key
    return {"kind": kind, "name": name, "grain": grain, "at": at, "count": count, "minutes": minutes}


def note_names(connection: sa.Connection, seen: Mapping[tuple[str, str], tuple[int, int]]) -> None:
    """Note for (kind, name) the first and the last time, ms since 1970 UTC."""
    insert, c = _insert(connection, t.names), t.names.c
    on_postgresql = connection.dialect.name == "postgresql"
    least, greatest = (sa.func.least, sa.func.greatest) if on_postgresql else (sa.func.min, sa.func.max)
    upsert = insert.on_conflict_do_update(
        index_elements=["kind", "name"],
        set_={
            "first_at": least(c.first_at, insert.excluded.first_at),
            "last_at": greatest(c.last_at, insert.excluded.last_at),
        },
    )
    rows = [
        {"kind": kind, "name": name, "first_at": first, "last_at": last}
        for (kind, name), (first, last) in sorted(seen.items())
    ]
    connection.execute(upsert, rows)


def _insert(connection: sa.Connection, table: sa.Table) -> Any:
    return (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
