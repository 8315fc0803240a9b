"""Writing down what was decided about a batch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

import orjson
import sqlalchemy as sa

from hub.arrival import Arrival
from hub.database import insert_rows
from hub.eventlog import Batch, partition_of, start_of
from hub.facts import Fate, Held
from hub.outcome import Outcome
from hub.registers import tables as t


def write_outcome(connection: sa.Connection, batch: Batch, outcome: Outcome, now: int) -> None:
    """Write one batch's outcome at a time in milliseconds. Every row has a position to be forgotten by."""
    _write_events(connection, batch, outcome, now)
    _write_set_aside(connection, batch, outcome)
    _write_held(connection, batch, outcome)
    _write_persons(connection, batch, outcome)
    _write_tallies(connection, batch, outcome)
    here = t.progress.c.partition == batch.partition
    done = connection.execute(sa.update(t.progress).where(here).values(position=batch.last))
    if done.rowcount == 0:
        row = {"topic": batch.topic, "partition": batch.partition, "position": batch.last}
        connection.execute(sa.insert(t.progress), row)


def _insert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    names = [column.name for column in table.c]
    insert_rows(connection, table, [tuple(row[name] for name in names) for row in rows])


def _write_events(connection: sa.Connection, batch: Batch, outcome: Outcome, now: int) -> None:
    sent, withheld = _routing(outcome)
    fates, with_event = outcome.settled.fates, _companions(outcome)
    same_fact = {r.arrival.position for r in outcome.repeats if r.kind == "fact"}
    repeated = {r.arrival.position for r in outcome.repeats if r.kind == "event_id"}

    def what_became(position: int) -> tuple[str | None, ...]:
        return with_event.get(position), sent.get(position), withheld.get(position)

    rows = []
    for a in outcome.arrivals:
        at = a.position
        if at not in repeated:
            fate = Fate.SAME_FACT if at in same_fact else fates.get(at, Fate.HELD)
            event = (at, a.event_id, a.at, a.type, a.person, a.fact, a.version, a.change, a.vital_fact)
            rows.append((*event, fate.value, at, now, *what_became(at)))
    insert_rows(connection, t.events, rows)
    names = ("with_event", "sent_to", "withheld_from")
    late = [
        {"b_position": position, "fate": fate, "fate_position": batch.last, "fate_at": now}
        | dict(zip(names, what_became(position), strict=True))
        for position, fate in fates.items()
        if position <= batch.after
    ]
    if late:
        connection.execute(sa.update(t.events).where(t.events.c.position == sa.bindparam("b_position")), late)


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
    for one in outcome.permissions.allowed:
        sent[one.arrival.position][one.agency] = (one.purpose, one.basis, one.shielded)
    withheld: dict[int, dict[str, str]] = defaultdict(dict)
    for other in outcome.permissions.withheld:
        withheld[other.arrival.position][other.agency] = other.reason
    return _as_json(sent), _as_json(withheld)


def _as_json(routing: dict[int, dict[str, Any]]) -> dict[int, str]:
    return {position: orjson.dumps(agencies).decode() for position, agencies in routing.items()}


def _write_set_aside(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    times = {record.position: record.at for record in batch.records}
    found = [(r.position, r.event_id, "refused", r.reason, r.detail) for r in outcome.refused]
    found += [(r.arrival.position, r.arrival.event_id, "duplicate", r.kind, r.of) for r in outcome.repeats]
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
    connection.execute(sa.delete(t.held).where(t.held.c.released_at.between(here, batch.after)))
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
    rows = [{"person": p, "step": step, "province": home} for p, (step, home) in homes.items()]
    _insert(connection, t.residences, rows)


def _step(arrival: Arrival, batch: Batch, outcome: Outcome) -> int:
    """When a fact about a person came to be known: later than the event itself when that was kept back."""
    return outcome.settled.steps[arrival.position] or 2 * batch.last


def _write_tallies(connection: sa.Connection, batch: Batch, outcome: Outcome) -> None:
    """Fold the newest counts into the base, which is committed for sure, and put this batch's beside it."""
    c, here = t.tallies.c, start_of(batch.partition)
    added_before = c.position.between(here + 1, batch.after)
    newest = connection.execute(sa.select(t.tallies).where(added_before)).all()
    base = sa.update(t.tallies).where(
        c.position == here, c.name == sa.bindparam("b_name"), c.label == sa.bindparam("b_label")
    )
    for row in newest:
        values = {"b_name": row.name, "b_label": row.label, "more": row.count}
        added = connection.execute(base.values(count=c.count + sa.bindparam("more")), values)
        if added.rowcount == 0:
            first = {"position": here, "name": row.name, "label": row.label, "count": row.count}
            connection.execute(sa.insert(t.tallies), first)
    if newest:
        connection.execute(sa.delete(t.tallies).where(added_before))
    rows = [
        {"position": batch.last, "name": name, "label": label, "count": count}
        for (name, label), count in outcome.tallies().items()
    ]
    _insert(connection, t.tallies, rows)
