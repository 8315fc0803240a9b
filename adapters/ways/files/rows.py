"""An event as Avro and as a row of a table: the envelope, why the agency has it, its place, then its view's fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson

from hub.cursors import cursor_of
from hub.destination import Event
from schemas.avsc import NAMED, full_name
from schemas.catalogue import ENVELOPE, View
from schemas.conversion import millis, to_avro

#: What every record has besides the fields of the agency's view.
DELIVERY: Final[tuple[tuple[str, str, str], ...]] = (
    ("legal_basis", "string", "Why the agency may have it (căn cứ pháp lý)."),
    ("purpose", "string", "What for (mục đích)."),
    ("sequence", "long", "Its place in the agency's feed (số thứ tự)."),
    ("cursor", "string", "Leads behind it in the agency's feed (con trỏ)."),
    ("unmatched", "boolean", "The hub has never seen what it corrects (thiếu bản gốc)."),
    ("replayed", "boolean", "Sent once more because somebody asked for it (gửi lại)."),
)
_TIMES = frozenset({"occurred_at", "registered_at"})
#: A cell that begins so could be taken for a formula; one that begins with an apostrophe, for a guarded one.
_GUARDED = tuple("=+-@\t\r\n'＝＋－＠")


def union_of(views: Iterable[View]) -> list[Any]:
    """Return the Avro schema of a file: a union of the agency's views, each with the fields of `DELIVERY`."""
    met: set[str] = set()
    return [_once(_with_delivery(view.schema), met) for view in views]


def _with_delivery(schema: Mapping[str, Any]) -> dict[str, Any]:
    more = [{"name": name, "type": kind, "doc": doc} for name, kind, doc in DELIVERY]
    return {**schema, "fields": [*schema["fields"], *more]}


def _once(schema: Any, met: set[str]) -> Any:
    """Return the schema with each named type spelt out where it is first met in the file, and named after that."""
    if isinstance(schema, list):
        return [_once(branch, met) for branch in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in NAMED:
        if (name := full_name(schema)) in met:
            return name
        met.add(name)
    spelt = {key: value for key, value in schema.items() if key != "dancu"}
    for part in ("items", "values"):
        if part in spelt:
            spelt[part] = _once(spelt[part], met)
    if "fields" in spelt:
        spelt["fields"] = [
            {**{k: v for k, v in field.items() if k != "dancu"}, "type": _once(field["type"], met)}
            for field in spelt["fields"]
        ]
    return spelt


def avro_record(agency: str, event: Event, view: View) -> tuple[str, dict[str, Any]]:
    """Return the name of the record in the union, and the record: dates are days, times milliseconds since 1970."""
    told = _told(agency, event)
    for name in _TIMES:
        told[name] = millis(told[name])
    return full_name(view.schema), to_avro(event.data, view) | told


def columns_of(views: Iterable[View]) -> tuple[str, ...]:
    """Return the columns of the table: the same for every set, as long as the agency's views are the same."""
    names = dict.fromkeys([*ENVELOPE, *(name for name, _, _ in DELIVERY)])
    for view in views:
        for field in view.payload:
            for name in _flat_names(field.name, field.type):
                names.setdefault(name)
    return tuple(names)


def csv_row(agency: str, event: Event, columns: Sequence[str]) -> list[str]:
    """Return the cells of an event. Nested fields have a column each, with a dot; lists are JSON."""
    flat = dict(_flat("", event.data)) | _told(agency, event)
    return [_cell(flat.get(name)) for name in columns]


def _told(agency: str, event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "type": event.type,
        "source": event.source,
        "subject": event.subject,
        "occurred_at": event.occurred_at,
        "registered_at": event.registered_at,
        "change": event.change,
        "previous_event_id": event.previous_event_id,
        "fact_id": event.fact_id,
        "fact_version": event.fact_version,
        "bulk_id": event.bulk_id,
        "legal_basis": event.legal_basis,
        "purpose": event.purpose,
        "sequence": event.sequence,
        "cursor": cursor_of(agency, event.sequence),
        "unmatched": event.unmatched,
        "replayed": event.replayed,
    }


def _flat_names(name: str, avro: Any) -> Iterable[str]:
    if isinstance(avro, dict) and avro.get("type") == "record":
        for field in avro["fields"]:
            branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
            present = next((branch for branch in branches if branch != "null"), "null")
            yield from _flat_names(f"{name}.{field['name']}", present)
    else:
        yield name


def _flat(prefix: str, data: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    for name, value in data.items():
        if isinstance(value, Mapping):
            yield from _flat(f"{prefix}{name}.", value)
        else:
            yield f"{prefix}{name}", value


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = orjson.dumps(value).decode() if isinstance(value, list) else str(value)
    return f"'{text}" if text.startswith(_GUARDED) else text
