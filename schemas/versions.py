"""Every version ever published, with its id: what decodes an old record, and what binds a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fastavro
import orjson

from schemas.avsc import bare, read_json, without_docs
from schemas.problem import SchemaProblem


def event_subject(type_name: str) -> str:
    """Return the subject of an event type, after Confluent's TopicRecordNameStrategy: topic-record."""
    return f"received-vn.dancu.event.{type_name}"


def view_subject(agency: str, type_name: str) -> str:
    """Return the subject of an agency's view, after the same rule."""
    return f"outbox.{agency}-vn.dancu.view.{agency}.{type_name}"


@dataclass(frozen=True, eq=False)  # no slots: cached_property needs a __dict__
class Recorded:
    """A published version of a schema. Never changes; its id is never given to another."""

    #: Stands in the wire format of every record written with it.
    schema_id: int
    subject: str
    #: From 1 within the subject.
    version: int
    #: The resolved text as a plain dict, logical types and metadata included.
    schema: Mapping[str, Any]

    @cached_property
    def parsed(self) -> Any:
        """For fastavro, without logical types: dates are days, timestamps milliseconds, as plain ints."""
        return fastavro.parse_schema(bare(self.schema))


def read_recorded(folder: Path) -> dict[str, list[Recorded]]:
    """Return the recorded versions by subject, oldest first. Raises `SchemaProblem` for a damaged record."""
    index_file = folder / "recorded" / "index.json"
    if not index_file.exists():
        return {}
    index = read_json(index_file, folder)
    try:
        return {
            subject: [_recorded(folder, subject, entry["version"], entry["id"]) for entry in entries]
            for subject, entries in index.items()
        }
    except (AttributeError, KeyError, TypeError) as error:
        message = "must be an object: subject to list of {version, id}"
        raise SchemaProblem("unreadable", "recorded/index.json", message) from error


def _recorded(folder: Path, subject: str, version: int, schema_id: int) -> Recorded:
    return Recorded(schema_id, subject, version, read_json(folder / "recorded" / f"{schema_id}.avsc", folder))


def same_version(schema: Mapping[str, Any], versions: Sequence[Recorded]) -> Recorded | None:
    """Return the recorded version that says the same, `doc` texts and layout aside, or None."""
    wanted = without_docs(schema)
    return next((old for old in reversed(versions) if without_docs(old.schema) == wanted), None)


def record(folder: Path, current: Mapping[str, Mapping[str, Any]]) -> list[Recorded]:
    """Write a new version for each subject whose current schema is not recorded yet, and return them.

    `current` maps subjects to resolved schemas. The texts are written before the index that names them, so
    that a killed process leaves at most a text without a name, whose id is not used again.
    """
    recorded = read_recorded(folder)
    target = folder / "recorded"
    target.mkdir(exist_ok=True)
    next_id = max((int(path.stem) for path in target.glob("*.avsc") if path.stem.isdecimal()), default=0) + 1
    added = []
    for subject, schema in current.items():
        versions = recorded.setdefault(subject, [])
        if same_version(schema, versions):
            continue
        new = Recorded(next_id, subject, versions[-1].version + 1 if versions else 1, schema)
        (target / f"{new.schema_id}.avsc").write_bytes(_text(schema))
        versions.append(new)
        added.append(new)
        next_id += 1
    if added:
        _write_index(target / "index.json", recorded)
    return added


def _write_index(path: Path, recorded: Mapping[str, Sequence[Recorded]]) -> None:
    index = {
        subject: [{"version": old.version, "id": old.schema_id} for old in versions]
        for subject, versions in recorded.items()
    }
    written = path.with_suffix(".new")
    written.write_bytes(_text(index, orjson.OPT_INDENT_2))
    written.replace(path)


def _text(content: Any, option: int = 0) -> bytes:
    return orjson.dumps(content, option=option | orjson.OPT_APPEND_NEWLINE)
