"""Gathers everything that the hub's stores know about one event. Only indexed look-ups, but for what is undecided."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub import headers as h
from hub.contacts import Rewinds
from hub.database import among, reading
from hub.deliveries import DeliveryBrowser, FactKind, State
from hub.deliveries import Fact as Handling
from hub.deliveries.tables import held as held_deliveries
from hub.eventlog import LogBrowser, Record, partition_of, records_of
from hub.facts import Fate
from hub.registers import tables as t
from hub.registers.today import Today
from hub.replays.tables import approvals, items, replays
from hub.topics import PIPELINE, RECEIVED, outbox
from monitoring.fetched import Sent, fetched

#: What is noted of who got an event by the feed; by a snapshot there is one thing more.
_BY_FEED = 3
#: How many of a kind are told; a sender can repeat an event without end.
MOST = 100


class Entry(NamedTuple):
    """An event that the pipeline has met, and what became of it."""

    position: int
    event_id: str
    #: When the log took it, and when its fate was decided: later when it was kept back. Milliseconds since 1970 UTC.
    at: int
    decided_at: int
    type: str
    version: int
    change: str
    fact: str
    fate: Fate
    #: Whether its fate was decided later than it came.
    was_kept: bool
    #: The event that it went out with, or that was there first.
    with_event: str | None
    #: Agency → [purpose, legal basis, shielded], by a snapshot also when (ms); and agency → reason.
    sent_to: Mapping[str, Sequence[Any]]
    withheld_from: Mapping[str, str]


class Aside(NamedTuple):
    """One time that the event was set aside."""

    at: int
    #: refused, or duplicate.
    verdict: str
    reason: str
    detail: str


class Place(NamedTuple):
    """Where an event is in one agency's feed."""

    position: int
    #: When it came into the feed.
    at: int
    unmatched: bool
    #: How it stands, if it could not be handed out at once; and the event that it waits behind.
    state: State | None
    behind: str | None


class Asking(NamedTuple):
    """A named replay that has asked for the event."""

    replay: str
    reason: str
    planned_by: str
    approved_by: Sequence[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What the stores know about one event."""

    event_id: str
    #: What intake took, as it stands in the log; None if it never came that far. Position 0: not let in yet.
    record: Record | None = None
    #: None while it is not decided about.
    entry: Entry | None = None
    #: While it is kept back: why, and until when.
    kept: tuple[str, int] | None = None
    asides: Sequence[Aside] = ()
    #: How many more there are.
    left_out: int = 0
    #: What intake refused under this id.
    refusals: Sequence[Aside] = ()
    #: Other events of the same act or the same vital fact.
    others: Sequence[Entry] = ()
    handlings: Sequence[Handling] = ()
    #: The named replays that have asked for it, by agency and time; of a refused event the agency is empty.
    replays: Mapping[tuple[str, int], Asking] = field(default_factory=dict)
    places: Mapping[str, Place] = field(default_factory=dict)
    #: Agencies that fetch their feed and have asked behind the event.
    fetched: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Stores:
    """Where the evidence is."""

    log: LogBrowser
    registers: sa.Engine
    deliveries: sa.Engine


def gather(stores: Stores, event_id: str) -> Evidence | None:
    """Return what is known about an event, or None when the hub has never seen that id."""
    extents = stores.log.extents(RECEIVED, PIPELINE)  # first, so that nothing slips through between the looks
    with reading(stores.registers) as connection:
        asides, left_out = _asides(connection, event_id)
        refusals = _refusals(connection, event_id)
        row = connection.execute(sa.select(t.events).where(t.events.c.event_id == event_id)).one_or_none()
        taken_at = connection.scalar(sa.select(t.taken.c.place).where(t.taken.c.event_id == event_id))
        position = row.position if row else _position_of_refused(connection, event_id)
        kept = _kept(connection, row.position) if row else None
    if row is None:
        record = _record_at(stores.log, RECEIVED, position) if position else None
        if record is None and taken_at:
            record = _in_lane(stores.registers, taken_at) or _undecided(stores.log, extents, event_id)
        if record is None and not refusals:
            return None
        askings = _askings(stores.deliveries, event_id)
        return Evidence(event_id, record, asides=asides, left_out=left_out, refusals=refusals, replays=askings)
    handlings, entry = _handlings(stores, event_id), _entry(row)
    return Evidence(
        event_id,
        _record_at(stores.log, RECEIVED, row.position),
        entry,
        kept,
        asides,
        left_out,
        refusals,
        _others(stores, row),
        handlings,
        _askings(stores.deliveries, event_id),
        _places(stores, event_id, handlings),
        _fetched(stores, entry),
    )


def _handlings(stores: Stores, event_id: str) -> Sequence[Handling]:
    """Return what happened to an event on its way to each agency, rewinds of the feed included."""
    found = DeliveryBrowser(stores.deliveries).story(event_id)
    again = Rewinds(stores.deliveries)
    for one in [fact for fact in found if fact.kind is FactKind.DELIVERED]:
        for asked in again.through(one.agency, one.position, one.at):
            request = (asked.at, one.agency, one.position, FactKind.REQUESTED)
            found.append(Handling(*request, by=asked.by, reason=asked.reason))
    return sorted(found, key=lambda fact: fact.at)


def _fetched(stores: Stores, entry: Entry) -> Collection[str]:
    """Return those to whom it went by their feed that fetch it and have asked behind it."""
    by_feed = (agency for agency, said in entry.sent_to.items() if len(said) == _BY_FEED)
    sent = (Sent(agency, entry.event_id, entry.decided_at) for agency in by_feed)
    return {agency for agency, _ in fetched(stores.log, stores.deliveries, sent)}


def _asides(connection: sa.Connection, event_id: str) -> tuple[list[Aside], int]:
    """Return the first times that the event was set aside, and how many more there are."""
    c = t.set_aside.c
    query = sa.select(c.at, c.verdict, c.reason, c.detail).where(c.event_id == event_id).order_by(c.position)
    found = [Aside(*row) for row in connection.execute(query.limit(MOST))]
    every = sa.select(sa.func.count()).select_from(t.set_aside).where(c.event_id == event_id)
    return found, connection.execute(every).scalar_one() - len(found)


def _refusals(connection: sa.Connection, event_id: str) -> list[Aside]:
    c = t.refusals.c
    query = sa.select(c.at, c.reason, c.detail).where(c.event_id == event_id).order_by(c.at).limit(MOST)
    return [Aside(at, "refused", reason, detail) for at, reason, detail in connection.execute(query)]


def _position_of_refused(connection: sa.Connection, event_id: str) -> int | None:
    c = t.set_aside.c
    return connection.scalars(sa.select(c.position).where(c.event_id == event_id).order_by(c.position)).first()


def _kept(connection: sa.Connection, position: int) -> tuple[str, int] | None:
    c = t.held.c
    row = connection.execute(
        sa.select(c.why, c.until).where(c.position == position, c.released_at.is_(None))
    ).one_or_none()
    return (row.why, row.until) if row else None


def _entry(row: sa.Row[Any]) -> Entry:
    return Entry(
        row.position,
        row.event_id,
        row.at,
        row.fate_at,
        row.type,
        row.version,
        row.change,
        row.fact,
        Fate(row.fate),
        row.fate_position > row.position,
        row.with_event,
        orjson.loads(row.sent_to or "{}"),
        orjson.loads(row.withheld_from or "{}"),
    )


def _record_at(log: LogBrowser, topic: str, position: int) -> Record | None:
    """Return the record at a position, or None when it is too old to be kept."""
    found = next(iter(log.scan(topic, position - 1, 1)), None)
    return found if found is not None and found.position == position else None


def _in_lane(registers: sa.Engine, place: str) -> Record | None:
    """Return an event of a mass run that has not been let into the log; it has no position yet."""
    c = t.bulk.c
    query = sa.select(c.at, c.key, c.value, c.headers).where(c.place == place, c.key.is_not(None))
    with reading(registers) as connection:
        row = connection.execute(query).one_or_none()
    return Record(0, row.at, row.key, row.value, orjson.loads(row.headers)) if row else None


def _undecided(log: LogBrowser, extents: Sequence[tuple[int, int]], event_id: str) -> Record | None:
    """Look through what the pipeline has not come to yet: the one search that takes long, if much is waiting."""
    for committed, _ in extents:
        for record in records_of(log, RECEIVED, committed):
            if partition_of(record.position) != partition_of(committed):
                break
            if record.headers.get(h.ID) == event_id:
                return record
    return None


def _others(stores: Stores, row: sa.Row[Any]) -> list[Entry]:
    """Return other versions and reports of the same fact, under any number of the person."""
    numbers = Today(stores.registers).numbers_of([row.person])[row.person]
    c = t.events.c
    same = among(c.fact, _under(numbers, row.fact))
    if row.vital_fact:
        same = sa.or_(same, among(c.vital_fact, _under(numbers, row.vital_fact)))
    query = sa.select(t.events).where(same, c.event_id != row.event_id).order_by(c.position).limit(MOST)
    with reading(stores.registers) as connection:
        rows = connection.execute(query).all()
    return [_entry(other) for other in rows]


def _askings(deliveries: sa.Engine, event_id: str) -> dict[tuple[str, int], Asking]:
    """Return which named replays have asked for the event, by agency and time."""
    c = items.c
    mine = sa.select(c.agency, c.asked_at, c.replay).where(c.event_id == event_id, c.asked_at.is_not(None))
    found = {}
    with reading(deliveries) as connection:
        for agency, at, replay_id in connection.execute(mine.limit(MOST)).all():
            row = connection.execute(sa.select(replays).where(replays.c.id == replay_id)).one()
            given = sa.select(approvals.c.by).where(approvals.c.replay == replay_id).order_by(approvals.c.at)
            approved = list(connection.scalars(given))
            found[agency, at] = Asking(replay_id, row.reason, row.planned_by, approved)
    return found


def _under(numbers: Sequence[str], key: str) -> Iterator[str]:
    _, _, rest = key.partition("|")
    return (f"{number}|{rest}" for number in numbers)


def _places(stores: Stores, event_id: str, handlings: Sequence[Handling]) -> dict[str, Place]:
    front = held_deliveries.alias()
    mine = sa.and_(front.c.agency == held_deliveries.c.agency, front.c.position == held_deliveries.c.behind)
    c = held_deliveries.c
    query = (
        sa.select(c.agency, c.state, c.attempts, c.requested_at, front.c.event_id)
        .outerjoin_from(held_deliveries, front, mine)
        .where(c.event_id == event_id)
    )
    with reading(stores.deliveries) as connection:
        kept = {
            row.agency: (_state_of(row.state, row.attempts, row.requested_at), row.event_id)
            for row in connection.execute(query)
        }
    places: dict[str, Place] = {}
    for agency, position in {(one.agency, one.position) for one in handlings}:
        record = _record_at(stores.log, outbox(agency), position)
        if record is not None:
            unmatched = record.headers.get(h.UNMATCHED) == "true"
            places[agency] = Place(position, record.at, unmatched, *kept.get(agency, (None, None)))
    return places


def _state_of(text: str, attempts: int, requested_at: int | None) -> State:
    """What was not taken and comes again by the schedule is parked all the same: nobody has asked for it yet."""
    state = State(text)
    return State.PARKED if state is State.DUE and attempts and requested_at is None else state
