"""Writing down what was decided about a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.arrival import Arrival
from hub.database import insert_rows
from hub.eventlog import Batch, partition_of, start_of
from hub.facts import Fate, Held
from hub.outcome import Outcome
from hub.registers import tables as t

_PROGRESS = (
    sa.update(t.progress)
    .where(t.progress.c.partition == sa.bindparam("here"))
    .values(position=sa.bindparam("last", type_=sa.BigInteger))
)
_DECIDED_LATER = sa.update(t.events).where(t.events.c.position == sa.bindparam("b_position"))
_GONE = sa.delete(t.held).where(t.held.c.released_at.between(sa.bindparam("start"), sa.bindparam("after")))
_tallies = t.tallies.c
_ADDED_BEFORE = _tallies.position.between(sa.bindparam("first"), sa.bindparam("after"))
_FOLDED = sa.delete(t.tallies).where(_ADDED_BEFORE)
_NEWEST = sa.select(sa.bindparam("here", type_=sa.BigInteger), _tallies.name, _tallies.label, _tallies.count)


def _fold(insert: postgresql.Insert | sqlite.Insert) -> sa.Executable:
    columns = [column.name for column in _tallies]
    more = insert.from_select(columns, _NEWEST.where(_ADDED_BEFORE))
    counts = {"count": _tallies.count + more.excluded.count}
    return more.on_conflict_do_update(index_elements=columns[:3], set_=counts)


_FOLD = {"postgresql": _fold(postgresql.insert(t.tallies)), "sqlite": _fold(sqlite.insert(t.tallies))}


def write_outcome(connection: sa.Connection, batch: Batch, outcome: Outcome, now: int) -> None:
    """Write one batch's outcome at a time in milliseconds. Every row has a position to be forgotten by."""
    _write_events(connection, batch, outcome, now)
    _write_set_aside(connection, batch, outcome)
    _write_held(connection, batch, outcome)
    _write_persons(connection, batch, outcome)
    _write_tallies(connection, batch, outcome)
    done = connection.execute(_PROGRESS, {"here": batch.partition, "last": batch.last})
    if done.rowcount == 0:
        row = {"topic": batch.topic, "partition": batch.partition, "position": batch.last}
        connection.execute(sa.insert(t.progress), row)


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    names = [column.name for column in table.c]
    insert_rows(connection, table, [tuple(row[name] for name in names) for row in rows], exact=True)


def _write_events(connection: sa.Connection, batch: Batch, outcome: Outcome, now: int) -> None:
    sent, withheld = _routing(outcome)
    fates, with_event = outcome.settled.fates, _companions(outcome)
    same_fact = {r.arrival.position for r in outcome.repeats if r.kind == "fact"}
    repeated = {r.arrival.position for r in outcome.repeats if r.kind == "event_id"}
    rows = []
    for a in outcome.arrivals:
        at = a.position
        if at not in repeated:
            fate = str(Fate.SAME_FACT if at in same_fact else fates.get(at, Fate.HELD))  # quicker than its value
            said = (at, a.event_id, a.at, a.type, a.person, a.fact, a.version, a.change, a.vital_fact, fate, at, now)
            rows.append((*said, with_event.get(at), sent.get(at), withheld.get(at)))
    insert_rows(connection, t.events, rows, exact=True)
    late = [
        {
            "b_position": position,
            "fate": fate,
            "fate_position": batch.last,
            "fate_at": now,
            "with_event": with_event.get(position),
            "sent_to": sent.get(position),
            "withheld_from": withheld.get(position),
        }
        for position, fate in fates.items()
        if position <= batch.after
    ]
    if late:
        connection.execute(_DECIDED_LATER, late)


def _companions(outcome: Outcome) -> dict[int, str]:
    """Return, per position, the event that it went out with, or that was there first."""
    companions = {r.arrival.position: r.of for r in outcome.repeats if r.kind == "fact"}
    companions |= outcome.settled.joined_into
    companions |= {r.arrival.position: r.of for r in outcome.repeats if r.kind == "vital"}
    fates = outcome.settled.fates  # a second report that stands now after all goes out alone
    return {position: of for position, of in companions.items() if fates.get(position) is not Fate.PUBLISHED}


def _routing(outcome: Outcome) -> tuple[dict[int, str], dict[int, str]]:
    """Return, per position, to whom an event goes and from whom it is withheld, as JSON."""
    sent: dict[int, dict[str, tuple[str, str, bool]]] = defaultdict(dict)
    for arrival, agency, purpose, basis, shielded in outcome.permissions.allowed:
        sent[arrival.position][agency] = (purpose, basis, shielded)
    withheld: dict[int, dict[str, str]] = defaultdict(dict)
    for other in outcome.permissions.withheld:
        withheld[other.arrival.position][other.agency] = other.reason
    return _as_json(sent), _as_json(withheld)


def _as_json(routing: dict[int, dict[str, Any]]) -> dict[int, str]:
    return {position: orjson.dumps(agencies).decode() for position, agencies in routing.items()}


def _write_set_aside(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    found = [(r.position, r.event_id, "refused", r.reason, r.detail) for r in outcome.refused]
    found += [(r.arrival.position, r.arrival.event_id, "duplicate", r.kind, r.of) for r in outcome.repeats]
    times = {record.position: record.at for record in batch.records} if found else {}
    rows = [
        {
            "position": position,
            "decided_at": batch.last,
            "event_id": event_id,
            "at": times.get(position, batch.records[-1].at),
            "verdict": verdict,
            "reason": reason,
            "detail": detail,
        }
        for position, event_id, verdict, reason, detail in found
    ]
    _insert(connection, t.set_aside, rows)


def _write_held(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    """What is kept back otherwise than before gets a new row: the old one may have to be put back."""
    settled = outcome.settled
    here = start_of(batch.partition)
    connection.execute(_GONE, {"start": here, "after": batch.after})
    before = {*settled.released, *(position for position in settled.held if position <= batch.after)}
    if before:
        c = t.held.c
        gone = sa.update(t.held).where(c.position == sa.bindparam("b_position"), c.released_at.is_(None))
        connection.execute(gone, [{"b_position": p, "released_at": batch.last} for p in sorted(before)])
    _insert(connection, t.held, [_held_row(held, batch.last) for held in settled.held.values()])
    _take_over(connection, batch, settled.still_held)


def _take_over(connection: sa.Connection, batch: Batch, still_held: Collection[int]) -> None:
    """What another partition kept back of persons who have come to this one is kept back here from now on."""
    foreign = sorted(position for position in still_held if partition_of(position) != batch.partition)
    if foreign:
        c = t.held.c
        theirs = sa.and_(c.position.in_(foreign), c.released_at.is_(None), c.held_at <= start_of(batch.partition))
        columns = [sa.literal(batch.last) if column is c.held_at else column for column in c]
        copies = connection.execute(sa.select(*columns).where(theirs)).all()
        connection.execute(sa.update(t.held).where(theirs).values(released_at=batch.last))
        names = [column.name for column in c]
        _insert(connection, t.held, [dict(zip(names, row, strict=True)) for row in copies])


def _held_row(held: Held, position: int) -> dict[str, Any]:
    arrival = held.arrival
    return {
        "position": arrival.position,
        "rank": held.rank,
        "held_at": position,
        "released_at": None,
        "person": arrival.person,
        "why": held.why.value,
        "until": held.until,
        "at": arrival.at,
        "key": arrival.subject,
        "headers": orjson.dumps(dict(arrival.headers)).decode(),
        "value": arrival.value,
    }


def _write_persons(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    """What is newly known about persons: the last word of the batch on each thing, by order of publication."""
    found = outcome.permissions
    numbers = {(e.number, position): e for position, e in outcome.renamed}
    _insert(
        connection,
        t.numbers,
        [
            {"number": number, "position": position, "person": e.person, "fact_id": e.fact_id}
            for (number, position), e in numbers.items()
        ],
    )
    consents = {(a.person, agency, purpose): (_step(a, batch, outcome), c) for a, agency, purpose, c in found.consents}
    _insert(
        connection,
        t.consents,
        [
            {
                "person": person,
                "agency": agency,
                "purpose": purpose,
                "step": step,
                "given": consent.given,
                "valid_until": consent.valid_until,
                "event_id": consent.event_id,
            }
            for (person, agency, purpose), (step, consent) in consents.items()
        ],
    )
    levels = {a.person: (_step(a, batch, outcome), level) for a, level in found.protection}
    rows = [{"person": person, "step": step, "level": level} for person, (step, level) in levels.items()]
    _insert(connection, t.protections, rows)
    homes = {a.person: (_step(a, batch, outcome), a.residence) for a in outcome.settled.published if a.residence}
    insert_rows(connection, t.residences, [(person, *known) for person, known in homes.items()], exact=True)


def _step(arrival: Arrival, batch: Batch, outcome: Outcome) -> int:
    """When a fact about a person came to be known: later than the event itself when that was kept back."""
    return outcome.settled.steps[arrival.position] or 2 * batch.last


def _write_tallies(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    """Fold the newest counts into the base, which is committed for sure, and put this batch's beside it."""
    here = start_of(batch.partition)
    added_before = {"first": here + 1, "after": batch.after}
    if connection.execute(_FOLD[connection.dialect.name], {"here": here, **added_before}).rowcount:
        connection.execute(_FOLDED, added_before)
    rows = [
        {"position": batch.last, "name": name, "label": label, "count": count}
        for (name, label), count in outcome.tallies().items()
    ]
    _insert(connection, t.tallies, rows)
