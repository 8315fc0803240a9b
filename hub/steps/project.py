"""Step 7: cut each event down to what the agency may see. What that is stands in one file per agency and type."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import fastavro

from hub import headers as h
from hub.arrival import Arrival
from hub.eventlog import Message
from hub.steps.permit import Permitted
from schemas.catalogue import Catalogue, EventType, View
from schemas.slicing import NULL, PREFIX, Cut, NotSliceable, Scan, make_cut, make_scan

#: In place of the register that an event about a protected person comes from: most registers belong to a province.
HIDDEN_SOURCE = "urn:dancu:hidden"

_HEADER_OF = {"subject": h.SUBJECT, "change": h.CHANGE, "previous_event_id": h.PREVIOUS_ID}


class Projector:
    """Knows how to cut every view of a catalogue; made once."""

    def __init__(self, catalogue: Catalogue) -> None:
        """Make the scanners and cutters. A view that can't be cut is projected by Avro's schema resolution."""
        self._catalogue = catalogue
        self._scans: dict[str, Scan] = {name: make_scan(t.schema) for name, t in catalogue.types.items()}
        self._current = {name: _prefix(t.schema_id) for name, t in catalogue.types.items()}
        self._cuts: dict[tuple[str, str, bool], Cut | None] = {}
        for (agency, name), view in catalogue.views.items():
            for shielded in (False, True):
                self._cuts[agency, name, shielded] = _cut(catalogue.types[name], view, shielded)

    def bounds(self, type_name: str, value: bytes) -> Sequence[int] | None:
        """Return where each field of a value starts, or None for a value in an older version of its schema.

        Raises ValueError, EOFError or IndexError for a value that is damaged.
        """
        if value[:PREFIX] == self._current[type_name]:
            return self._scans[type_name](value)
        read_value(self._catalogue, value)
        return None

    def project(self, arrival: Arrival, permitted: Sequence[Permitted]) -> list[bytes]:
        """Return one event as each agency may see it, in wire format with the view's schema id."""
        bounds = None if arrival.rewritten else arrival.bounds or self.bounds(arrival.type, arrival.value)
        values = []
        for one in permitted:
            cut = self._cuts[one.agency, arrival.type, one.shielded]
            if bounds is not None and cut is not None:
                values.append(cut(arrival.value, bounds))
            else:
                values.append(self._resolve(arrival, one))
        return values

    def _resolve(self, arrival: Arrival, one: Permitted) -> bytes:
        """Decode, change what goes out otherwise, and write with the view."""
        view = self._catalogue.views[one.agency, arrival.type]
        record = read_value(self._catalogue, arrival.value)
        record.update(arrival.rewritten)
        if one.shielded:
            hide_place(record, view)
        out = BytesIO()
        fastavro.schemaless_writer(out, view.parsed, record)
        return _prefix(view.schema_id) + out.getvalue()


def project(allowed: Sequence[Permitted], projector: Projector) -> dict[str, list[Message]]:
    """Return the outbox messages per agency, in the order of `allowed`, each stamped with its legal basis."""
    outboxes: dict[str, list[Message]] = defaultdict(list)
    start = 0
    while start < len(allowed):
        arrival, end = allowed[start].arrival, start + 1
        while end < len(allowed) and allowed[end].arrival is arrival:
            end += 1
        public = _public_headers(arrival)
        public[h.LEGAL_BASIS] = public[h.PURPOSE] = ""  # now, as a copy that must grow takes twice as long
        for one, value in zip(allowed[start:end], projector.project(arrival, allowed[start:end]), strict=True):
            stamped = public.copy()
            stamped[h.LEGAL_BASIS] = one.basis
            stamped[h.PURPOSE] = one.purpose
            if one.shielded:
                stamped[h.SOURCE] = HIDDEN_SOURCE
            outboxes[one.agency].append(Message(arrival.person, value, stamped))
        start = end
    return outboxes


def _public_headers(arrival: Arrival) -> dict[str, str]:
    public = dict(arrival.headers)
    for name in h.INTERNAL:
        public.pop(name, None)
    if arrival.rewritten:
        public |= {_HEADER_OF[field]: value for field, value in arrival.rewritten.items() if value is not None}
    if arrival.unmatched:
        public[h.UNMATCHED] = "true"
    return public


def read_value(catalogue: Catalogue, value: bytes) -> dict[str, Any]:
    """Return the record of a value in wire format; dates are days and timestamps milliseconds since 1970.

    Raises KeyError for a schema id that was never given, ValueError or EOFError for a damaged value.
    """
    schema_id = int.from_bytes(value[1:PREFIX], "big")
    record = fastavro.schemaless_reader(BytesIO(value[PREFIX:]), catalogue.by_id(schema_id).parsed, None)
    if not isinstance(record, dict):
        raise ValueError(f"schema {schema_id} is no record")
    return record


def payload_reader(catalogue: Catalogue) -> Callable[[Arrival], Mapping[str, Any]]:
    """Return the function by which steps read the few events that say something about later ones."""

    def read(arrival: Arrival) -> Mapping[str, Any]:
        return read_value(catalogue, arrival.value)

    return read


def hide_place(record: dict[str, Any], view: View) -> None:
    """Take everything out of a decoded event that tells where the person lives."""
    record.update(dict.fromkeys(view.address_fields), source=HIDDEN_SOURCE)


def _hidden(view: View) -> dict[str, bytes]:
    """The same for a cut: what stands in place of the fields."""
    text = HIDDEN_SOURCE.encode()
    return {**dict.fromkeys(view.address_fields, NULL), "source": bytes([len(text) * 2]) + text}


@cache
def _prefix(schema_id: int) -> bytes:
    return b"\x00" + schema_id.to_bytes(4, "big")


def _cut(event: EventType, view: View, shielded: bool) -> Cut | None:
    try:
        return make_cut(event.schema, view.schema, view.schema_id, _hidden(view) if shielded else None)
    except NotSliceable:
        return None
