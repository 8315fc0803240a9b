"""Step 1: read each record as an event, or say why it isn't one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache

from hub import headers as h
from hub.arrival import Arrival, Refusal, fact_key
from hub.eventlog import Batch, Record
from schemas.catalogue import Catalogue
from schemas.versions import event_subject

#: A time after all others, in milliseconds: releases everything that is kept back.
END_OF_TIME = 1 << 62
#: A version is an Avro `int`.
_LEAST, _MOST = -(1 << 31), (1 << 31) - 1


#: Returns where each field of a type's value starts; raises for a damaged one (`Projector.bounds`).
Bounds = Callable[[str, bytes], Sequence[int] | None]


def validate(records: Sequence[Record], catalogue: Catalogue, bounds: Bounds) -> tuple[list[Arrival], list[Refusal]]:
    """Split records into arrivals and refusals. Ticks, which carry no event, are in neither."""
    arrivals: list[Arrival] = []
    refused: list[Refusal] = []
    readable = _readable(catalogue)
    for record in records:
        if h.TICK in record.headers:
            continue
        try:
            arrival = arrival_of(record)
        except (KeyError, ValueError) as missing:
            refused.append(Refusal(record.position, record.headers.get(h.ID, ""), "headers", f"header {missing}"))
            continue
        problem = _problem(arrival, catalogue, readable)
        if problem is not None:
            refused.append(Refusal(record.position, arrival.event_id, *problem))
            continue
        try:
            arrivals.append(arrival.bounded(bounds(arrival.type, arrival.value)))
        except (ValueError, EOFError, IndexError, OverflowError) as damage:
            detail = f"the value is no {arrival.type}: {type(damage).__name__}"
            refused.append(Refusal(record.position, arrival.event_id, "damaged", detail))
    return arrivals, refused


def time_of(batch: Batch) -> int:
    """Return the time at the end of a batch by the log's clock; the end of time when that says that no more will come.

    A batch ends behind such a word (`between_changes`).
    """
    if not batch.records:
        return 0
    last = batch.records[-1]
    return END_OF_TIME if last.headers.get(h.TICK) == h.TICK_FLUSH else last.at


def arrival_of(record: Record) -> Arrival:
    """Read an event from its record's headers. Raises KeyError or ValueError for a header that isn't right."""
    headers = record.headers
    provinces, subject = headers.get(h.PROVINCES), headers[h.SUBJECT]
    type_name, fact_id, version = headers[h.TYPE], headers[h.FACT_ID], int(headers[h.FACT_VERSION])
    if not _LEAST <= version <= _MOST:
        raise ValueError(f"{h.FACT_VERSION}: no whole number of 32 bits")
    return Arrival(
        record.position,
        record.at,
        headers[h.ID],
        type_name,
        subject,
        subject,
        headers[h.CHANGE],
        fact_id,
        fact_key(subject, type_name, fact_id),
        version,
        headers.get(h.PREVIOUS_ID),
        tuple(provinces.split(",")) if provinces else (),
        headers.get(h.VITAL),
        headers.get(h.RESIDENCE),
        headers,
        record.value,
    )


@cache
def _readable(catalogue: Catalogue) -> Mapping[str, frozenset[bytes]]:
    """Return the beginnings of the values that are in any recorded schema of each type."""
    prefixes: dict[str, set[bytes]] = defaultdict(set)
    type_of = {event_subject(name): name for name in catalogue.types}
    for schema_id, recorded in catalogue.recorded.items():
        if recorded.subject in type_of:
            prefixes[type_of[recorded.subject]].add(b"\x00" + schema_id.to_bytes(4, "big"))
    return {name: frozenset(found) for name, found in prefixes.items()}


def _problem(
    arrival: Arrival, catalogue: Catalogue, readable: Mapping[str, frozenset[bytes]]
) -> tuple[str, str] | None:
    event_type = catalogue.types.get(arrival.type)
    if event_type is None:
        return "unknown_type", f"no schema for event type {arrival.type!r}"
    if arrival.change not in event_type.changes:
        allowed = ", ".join(sorted(event_type.changes))
        return "forbidden_change", f"{arrival.type} can't be {arrival.change}; allowed: {allowed}"
    if arrival.change != "CREATED" and arrival.previous_id is None:
        return "missing_previous", f"{arrival.change} needs previousid: the event it refers to"
    if arrival.value[:5] not in readable[arrival.type]:
        return "schema", f"the value is in no recorded schema of {arrival.type}"
    return None
