"""Which events a system can't take at all. Lenient: only what its rules can't do without is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import orjson

from adapters.agencies.agency import Agency
from hub.destination import Event, Rejection

#: What an event that brings a fact must tell, whoever takes it.
_NEEDED = {
    "BirthRegistered": ("born_on",),
    "DeathRegistered": ("died_on",),
    "ResidenceChanged": ("moved_on",),
    "MarriageRegistered": ("married_on", "spouse_number"),
    "MarriageEnded": ("ended_on",),
    "IdentityCardIssued": ("document_number", "issued_on"),
    "PersonalNumberChanged": ("old_number", "new_number"),
    "PersonsMerged": ("merged_numbers",),
    "AddressProtectionChanged": ("level",),
    "ConsentGranted": ("purpose", "granted_on"),
    "ConsentWithdrawn": ("purpose", "withdrawn_on"),
}
_DATES = frozenset(name for names in _NEEDED.values() for name in names if name.endswith("_on"))


def rejection(agency: Agency, event: Event) -> Rejection | None:
    """Return why the agency can't take the event, or None. The message names fields, never their values."""
    if agency.takes is not None and event.type not in agency.takes:
        return Rejection(event.event_id, "unknown_type", f"{agency.name} has no rule for {event.type}")
    if problem := next(_problems(event), None):
        return Rejection(event.event_id, "unreadable", problem)
    return None


def _problems(event: Event) -> Iterator[str]:
    data = event.data
    if event.change in {"CREATED", "CORRECTED"}:
        for name in _NEEDED.get(event.type, ()):
            if not data.get(name):
                yield f"{name} is missing"
    for name in _DATES & data.keys():
        if data[name] is not None and not _is_date(data[name]):
            yield f"{name} is not a date as YYYY-MM-DD"
    if not _is_name(data.get("name")):
        yield "name lacks the family or the given name"
    try:
        orjson.dumps(data)
    except TypeError:
        yield "the payload can't be written as JSON"


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and len(value) == 10 and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _is_name(value: Any) -> bool:
    return value is None or (isinstance(value, Mapping) and {"family", "given"} <= value.keys())
