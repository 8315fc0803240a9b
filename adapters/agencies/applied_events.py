"""The table `applied_events`: every event that an agency's system has taken, once, in its order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import orjson
import sqlalchemy as sa

from adapters.agencies.standing import Applied
from hub.database import among, insert_rows
from hub.destination import Event

MACHINERY = sa.MetaData()

APPLIED_EVENTS = sa.Table(
    "applied_events",
    MACHINERY,
    sa.Column("event_id", sa.Text, primary_key=True),
    # The order in which this system applied its events, from 1.
    sa.Column("applied_order", sa.BigInteger, nullable=False, unique=True),
    # The event's place in the agency's feed.
    sa.Column("sequence", sa.BigInteger, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    # The number that is valid now, and the number that the event belongs to when numbers are parted again.
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("entered_as", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("fact_id", sa.Text, nullable=False),
    sa.Column("fact_version", sa.Integer, nullable=False),
    sa.Column("previous_event_id", sa.Text),
    sa.Column("occurred_at", sa.Text, nullable=False),
    sa.Column("registered_at", sa.Text, nullable=False),
    sa.Column("legal_basis", sa.Text, nullable=False),
    sa.Column("unmatched", sa.Boolean, nullable=False),
    sa.Column("applied_at", sa.Text, nullable=False),
    # The payload as JSON, less what had to be erased.
    sa.Column("body", sa.Text, nullable=False),
)

#: Numbers that are no longer valid.
NUMBERS = sa.Table(
    "numbers",
    MACHINERY,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
)


class Place(NamedTuple):
    """Where an event belongs: the number it goes back to when numbers are parted, and the person now."""

    entered_as: str
    person: str


_COLUMNS = APPLIED_EVENTS.c
_HISTORY = sa.select(
    _COLUMNS.person,
    _COLUMNS.applied_order,
    _COLUMNS.event_id,
    _COLUMNS.subject,
    _COLUMNS.type,
    _COLUMNS.change,
    _COLUMNS.fact_id,
    _COLUMNS.fact_version,
    _COLUMNS.previous_event_id,
    _COLUMNS.occurred_at,
    _COLUMNS.registered_at,
    _COLUMNS.body,
).order_by(_COLUMNS.applied_order)
_REPLACE_BODY = (
    sa.update(APPLIED_EVENTS)
    .where(_COLUMNS.event_id == sa.bindparam("erased_event_id"))
    .values(body=sa.bindparam("erased_body"))
)


def not_yet_applied(connection: sa.Connection, events: Sequence[Event]) -> list[Event]:
    """Return the events that the table lacks, each once, in order."""
    wanted = {event.event_id: event for event in reversed(events)}
    found = sa.select(_COLUMNS.event_id).where(among(_COLUMNS.event_id, wanted))
    for event_id in connection.execute(found).scalars():
        del wanted[event_id]
    return list(reversed(wanted.values()))


def valid_numbers(connection: sa.Connection, numbers: Iterable[str]) -> dict[str, str]:
    """Return those of `numbers` that are no longer valid, with the ones that are."""
    rows = connection.execute(sa.select(NUMBERS).where(among(NUMBERS.c.number, numbers)))
    return {row.number: row.person for row in rows}


def places(connection: sa.Connection, events: Sequence[Event]) -> dict[str, Place]:
    """Return where each event belongs, by event id: to its subject, or to where its predecessor belongs.

    So a fact stays whole: its correction goes back with it when numbers are parted again.
    """
    replaced = valid_numbers(connection, {event.subject for event in events})
    previous = [event.previous_event_id for event in events if event.previous_event_id]
    known: dict[str, tuple[str, Place]] = {}
    if previous:
        query = sa.select(_COLUMNS.event_id, _COLUMNS.subject, _COLUMNS.entered_as, _COLUMNS.person)
        for row in connection.execute(query.where(among(_COLUMNS.event_id, previous))):
            known[row.event_id] = row.subject, Place(row.entered_as, row.person)
    for event in events:
        place = Place(event.subject, replaced.get(event.subject, event.subject))
        subject, before = known.get(event.previous_event_id or "", (event.subject, place))
        if event.subject == subject or place.person == before.person:
            place = before
        known[event.event_id] = event.subject, place
    return {event.event_id: known[event.event_id][1] for event in events}


def keep(connection: sa.Connection, events: Sequence[Event], homes: Mapping[str, Place], now: str) -> None:
    """Insert the events behind those that are there. The caller holds the write lock."""
    last = connection.execute(sa.select(sa.func.max(_COLUMNS.applied_order))).scalar() or 0
    rows = [
        (
            event.event_id,
            order,
            event.sequence,
            event.subject,
            homes[event.event_id].person,
            homes[event.event_id].entered_as,
            event.type,
            event.change,
            event.fact_id,
            event.fact_version,
            event.previous_event_id,
            event.occurred_at,
            event.registered_at,
            event.legal_basis,
            event.unmatched,
            now,
            orjson.dumps(event.data).decode(),
        )
        for order, event in enumerate(events, start=last + 1)
    ]
    insert_rows(connection, APPLIED_EVENTS, rows)


def histories(
    connection: sa.Connection, persons: Iterable[str], leave_out: Iterable[str] = ()
) -> dict[str, list[Applied]]:
    """Return the events of each person, in the order applied, without the types to leave out."""
    query = _HISTORY.where(among(_COLUMNS.person, persons))
    if skipped := list(leave_out):
        query = query.where(_COLUMNS.type.not_in(skipped))
    found: dict[str, list[Applied]] = {}
    for person, *fields, body in connection.execute(query):
        found.setdefault(person, []).append(Applied._make([*fields, orjson.loads(body)]))
    return found


def replace_bodies(connection: sa.Connection, events: Sequence[Applied]) -> None:
    """Overwrite the stored payloads with those of `events`."""
    bodies = [{"erased_event_id": e.event_id, "erased_body": orjson.dumps(e.data).decode()} for e in events]
    connection.execute(_REPLACE_BODY, bodies)
