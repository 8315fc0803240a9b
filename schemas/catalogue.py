"""The catalogue: every event type with its rules, and every agency's view of it, read once from the files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import fastavro

from schemas.avsc import FOLDER, agencies, bare, files, full_name, read_json, read_record, read_types
from schemas.payload import ADDRESS, PayloadField, payload_of
from schemas.payload import ENVELOPE as ENVELOPE  # part of what the catalogue tells
from schemas.problem import SchemaProblem
from schemas.versions import Recorded, event_subject, read_recorded, same_version, view_subject


@dataclass(frozen=True, eq=False)  # no slots: cached_property needs a __dict__
class EventType:
    """What may be said about one kind of event."""

    name: str
    schema_id: int
    #: The resolved Avro record as a plain dict, logical types and metadata included.
    schema: Mapping[str, Any]
    payload: tuple[PayloadField, ...]
    #: The changes that the matrix allows.
    changes: frozenset[str]
    #: The payload fields that make two reports of one person the same vital fact; None: never the same.
    vital_key: tuple[str, ...] | None
    #: The payload fields that are an Address.
    address_fields: frozenset[str]

    @cached_property
    def parsed(self) -> Any:
        """For fastavro, without logical types: dates are days, timestamps milliseconds, as plain ints."""
        return fastavro.parse_schema(bare(self.schema))


@dataclass(frozen=True, eq=False)
class View:
    """What one agency sees of one event type."""

    agency: str
    type: str
    schema_id: int
    schema: Mapping[str, Any]
    payload: tuple[PayloadField, ...]
    #: The names of the payload fields, in order.
    fields: tuple[str, ...]
    address_fields: frozenset[str]

    @cached_property
    def parsed(self) -> Any:
        """For fastavro, without logical types: dates are days, timestamps milliseconds, as plain ints."""
        return fastavro.parse_schema(bare(self.schema))


@dataclass(frozen=True, eq=False)
class Catalogue:
    """All event types and views of one schema folder."""

    types: Mapping[str, EventType]
    #: By (agency, type name).
    views: Mapping[tuple[str, str], View]
    #: Every version ever published, by schema id.
    recorded: Mapping[int, Recorded]

    def view(self, agency: str, type_name: str) -> View | None:
        """Return what the agency sees of the type, or None when it takes none."""
        return self.views.get((agency, type_name))

    def lending(self, borrowed: Mapping[str, str]) -> Catalogue:
        """Return the catalogue in which some agencies see what another folder of views says: agency → folder."""
        if not borrowed:
            return self
        lent = {
            (agency, type_name): found
            for agency, folder in borrowed.items()
            for (owner, type_name), found in self.views.items()
            if owner == folder
        }
        return Catalogue(self.types, MappingProxyType({**self.views, **lent}), self.recorded)

    def by_id(self, schema_id: int) -> Recorded:
        """Return a published version. Raises KeyError for an id that was never given."""
        return self.recorded[schema_id]


@cache
def load_catalogue(folder: Path = FOLDER) -> Catalogue:
    """Read the schema folder, once in a process.

    Raises `SchemaProblem` for the first thing that is wrong; `compatibility.problems` lists them all.
    """
    shared, recorded = read_types(folder), read_recorded(folder)
    matrix = read_json(folder / "matrix.json", folder)
    types = {}
    for path in files(folder, "events"):
        schema = read_record(path, folder, shared, "vn.dancu.event")
        found = _recorded_as(schema, event_subject(path.stem), recorded, f"events/{path.name}")
        types[path.stem] = event_type(schema, found.schema_id, rules_of(matrix, path.stem))
    views = {}
    for agency in agencies(folder):
        for path in files(folder, "views", agency):
            schema = read_record(path, folder, shared, f"vn.dancu.view.{agency}")
            subject = view_subject(agency, path.stem)
            found = _recorded_as(schema, subject, recorded, f"views/{agency}/{path.name}")
            views[agency, path.stem] = view(agency, schema, found.schema_id)
    by_id = {old.schema_id: old for versions in recorded.values() for old in versions}
    return Catalogue(MappingProxyType(types), MappingProxyType(views), MappingProxyType(by_id))


def _recorded_as(
    schema: Mapping[str, Any], subject: str, recorded: Mapping[str, Sequence[Recorded]], path: str
) -> Recorded:
    if found := same_version(schema, recorded.get(subject, ())):
        return found
    raise SchemaProblem("unrecorded", path, "this version has no schema id yet: run `dancu schemas record`")


def rules_of(matrix: Any, name: str) -> Mapping[str, Any]:
    """Return a type's row of the matrix. Raises `SchemaProblem` when it has none or a wrong one."""
    row = matrix.get(name) if isinstance(matrix, dict) else None
    if not isinstance(row, dict) or not isinstance(row.get("changes"), list) or "vital_key" not in row:
        raise SchemaProblem("matrix", f"matrix.json#{name}", "must name the type's `changes` and `vital_key`")
    return row


def event_type(schema: Mapping[str, Any], schema_id: int, rules: Mapping[str, Any]) -> EventType:
    """Return the event type of a resolved record and its row of the matrix."""
    payload = payload_of(schema)
    key = rules["vital_key"]
    return EventType(
        name=schema["name"],
        schema_id=schema_id,
        schema=schema,
        payload=payload,
        changes=frozenset(rules["changes"]),
        vital_key=None if key is None else tuple(key),
        address_fields=_addresses(payload),
    )


def view(agency: str, schema: Mapping[str, Any], schema_id: int) -> View:
    """Return the view of a resolved record."""
    payload = payload_of(schema)
    fields = tuple(field.name for field in payload)
    return View(agency, schema["name"], schema_id, schema, payload, fields, _addresses(payload))


def _addresses(payload: Sequence[PayloadField]) -> frozenset[str]:
    return frozenset(
        field.name for field in payload if isinstance(field.type, dict) and full_name(field.type) == ADDRESS
    )
