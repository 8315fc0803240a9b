"""Recompute, not patch: a person's rows are made anew from what stands, so undoing is no special case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import sqlalchemy as sa

from adapters.agencies.agency import Agency, Owned, Person, Row
from adapters.agencies.applied_events import histories, replace_bodies, valid_numbers
from adapters.agencies.erasure import redacted
from adapters.agencies.numbers import MENTIONS
from adapters.agencies.standing import Applied, standing
from hub.database import among, insert_rows


def recompute(connection: sa.Connection, agency: Agency, persons: Set[str]) -> bool:
    """Replace the rows of the persons in the agency's tables; return whether stored data was erased."""
    if not persons:
        return False
    stored = histories(connection, persons, leave_out=agency.logs)
    kept = {person: redacted(agency, events) for person, events in stored.items()}
    pairs = (pair for person, events in stored.items() for pair in zip(kept[person], events, strict=True))
    erased = [new for new, old in pairs if new is not old]
    if erased:
        replace_bodies(connection, erased)
    if agency.derived or agency.owned:
        _replace_rows(connection, agency, _people(connection, agency, persons, kept))
    return bool(erased)


def _people(
    connection: sa.Connection, agency: Agency, persons: Set[str], kept: Mapping[str, Sequence[Applied]]
) -> list[Person]:
    events = (event for events in kept.values() for event in events)
    mentioned = {event.data[name] for event in events for name in MENTIONS if event.data.get(name)}
    replaced = valid_numbers(connection, mentioned) if mentioned else {}
    owned = _owned_rows(connection, agency.owned, persons)
    return [
        Person(number, standing(kept.get(number, ())), owned.get(number, {}), replaced) for number in sorted(persons)
    ]


def _owned_rows(
    connection: sa.Connection, tables: Iterable[Owned], persons: Set[str]
) -> dict[str, dict[str, list[Row]]]:
    """Return the agency's own rows by person and by name of the table."""
    found: dict[str, dict[str, list[Row]]] = {}
    for owned in tables:
        query = sa.select(owned.table).where(among(owned.person, persons))
        for row in connection.execute(query).mappings():
            found.setdefault(row[owned.person], {}).setdefault(owned.table.name, []).append(dict(row))
    return found


def _replace_rows(connection: sa.Connection, agency: Agency, people: Sequence[Person]) -> None:
    made: dict[sa.Table, list[dict[str, Any]]] = {}
    updates: dict[sa.Table, list[Row]] = {}
    own = {owned.table for owned in agency.owned}
    for person in people:
        for table, row in agency.effects(person):
            if table in own:
                updates.setdefault(table, []).append(row)
            else:
                made.setdefault(table, []).append({"person": person.number, **row})
    numbers = [person.number for person in people]
    for table in agency.derived:
        connection.execute(sa.delete(table).where(among(table.c.person, numbers)))
        names = [column.name for column in table.c]
        insert_rows(connection, table, [tuple(row.get(name) for name in names) for row in made.get(table, ())])
    for table, rows_to_update in updates.items():
        _update(connection, table, rows_to_update)


def _update(connection: sa.Connection, table: sa.Table, rows: Sequence[Row]) -> None:
    """Update rows by their primary key; every row names the same columns."""
    keys = [column.name for column in table.primary_key]
    this = sa.and_(*(table.c[key] == sa.bindparam(f"key_{key}") for key in keys))
    values: dict[str, Any] = {name: sa.bindparam(name) for name in rows[0] if name not in keys}
    named = [{f"key_{name}" if name in keys else name: value for name, value in row.items()} for row in rows]
    connection.execute(sa.update(table).where(this).values(values), named)
