"""`dancu schemas check`: everything that is wrong in a schema folder, each with kind, path and message."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.avsc import FOLDER, agencies, files, full_name, place, read_json, read_record, read_type
from schemas.evolution import Break, breaks, sentence
from schemas.json_schema import file_of, json_schema, text_of
from schemas.payload import payload_of
from schemas.problem import Problem, SchemaProblem
from schemas.rules import matrix_problems, shape_problems, view_problems
from schemas.versions import Recorded, event_subject, read_recorded, same_version, view_subject


@dataclass(slots=True)
class Current:
    """The schemas as the files have them, and what was wrong on the way. Only sound ones are in the dicts."""

    #: The shared types by full name.
    types: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: By (agency, type name).
    views: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def subjects(self) -> dict[str, dict[str, Any]]:
        """Return the resolved schemas by subject, events first."""
        events = {event_subject(name): schema for name, schema in self.events.items()}
        return events | {view_subject(*key): schema for key, schema in self.views.items()}


def read_current(folder: Path = FOLDER) -> Current:
    """Read the `.avsc` files, going on past broken ones."""
    current = Current()
    for path in files(folder, "types"):
        try:
            name, schema = read_type(path, folder)
            current.types[name] = schema
        except SchemaProblem as broken:
            current.problems.append(broken.problem)
    if current.problems:  # a missing shared type would show up again in every file that names it
        return current
    for path in files(folder, "events"):
        if (event := _sound(path, folder, current, "vn.dancu.event")) is not None:
            current.events[path.stem] = event
    for agency in agencies(folder):
        for path in files(folder, "views", agency):
            if (view := _sound(path, folder, current, f"vn.dancu.view.{agency}")) is not None:
                current.views[agency, path.stem] = view
    return current


def _sound(path: Path, folder: Path, current: Current, namespace: str) -> dict[str, Any] | None:
    try:
        schema = read_record(path, folder, current.types, namespace)
    except SchemaProblem as broken:
        current.problems.append(broken.problem)
        return None
    found = shape_problems(schema, place(path, folder))
    current.problems += found
    return None if any(problem.kind in ("unparsable", "metadata") for problem in found) else schema


def problems(folder: Path = FOLDER) -> list[Problem]:
    """Return all that is wrong: with single files, between them, and against every published version."""
    current = read_current(folder)
    found = list(current.problems)
    try:
        recorded = read_recorded(folder)
        matrix = read_json(folder / "matrix.json", folder)
    except SchemaProblem as broken:
        return [*found, broken.problem]
    if not current.events:
        return found
    for (agency, name), view in current.views.items():
        broken_event = name not in current.events and (folder / "events" / f"{name}.avsc").exists()
        if not broken_event:
            found += view_problems(view, current.events.get(name), f"views/{agency}/{name}.avsc")
    found += matrix_problems(matrix, _known(current, folder))
    found += _json_problems(current, folder)
    found += _evolution_problems(current, recorded)
    found += _removed_types(recorded, folder)
    return sorted(set(found), key=lambda problem: (problem.path, problem.kind, problem.message))


def unrecorded(folder: Path = FOLDER) -> list[str]:
    """Return the subjects whose schema has no id yet. Raises `SchemaProblem`."""
    recorded = read_recorded(folder)
    subjects = read_current(folder).subjects()
    return [name for name, schema in subjects.items() if not same_version(schema, recorded.get(name, ()))]


def write_json_schemas(folder: Path = FOLDER, *, dry: bool = False) -> list[Path]:
    """Write the JSON Schemas that differ from what the Avro says, or with `dry` only tell which.

    Returns their files. Raises `SchemaProblem` for the first broken `.avsc`; nothing is written then.
    """
    current = read_current(folder)
    for broken in current.problems:
        raise SchemaProblem(*broken)
    texts = {
        file_of(name, folder): text_of(json_schema(schema, payload_of(schema)))
        for name, schema in current.events.items()
    }
    changed = {path: text for path, text in texts.items() if not path.exists() or path.read_bytes() != text}
    for path, text in changed.items():
        if not dry:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text)
    return list(changed)


def _known(current: Current, folder: Path) -> Mapping[str, Mapping[str, Any]]:
    """The event types, with an empty stand-in for those whose file is broken: they do exist."""
    return {path.stem: current.events.get(path.stem, {"fields": []}) for path in files(folder, "events")}


def _json_problems(current: Current, folder: Path) -> Iterator[Problem]:
    advice = "run `dancu schemas json --write`"
    for name, schema in current.events.items():
        path = file_of(name, folder)
        try:
            wanted = text_of(json_schema(schema, payload_of(schema)))
        except SchemaProblem as broken:
            kind, where, message = broken.problem
            yield Problem(kind, f"events/{name}.avsc#{where}", message)
            continue
        if not path.exists():
            yield Problem("json_schema_missing", place(path, folder), f"not there: {advice}")
        elif path.read_bytes() != wanted:
            yield Problem(
                "json_schema_differs", place(path, folder), f"not what the Avro schema says: {advice}"
            )
    known = {file_of(path.stem, folder) for path in files(folder, "events")}
    for path in sorted(set((folder / "json").glob("*")) - known):
        yield Problem("json_schema_unknown", place(path, folder), "belongs to no event type")


def _evolution_problems(current: Current, recorded: Mapping[str, list[Recorded]]) -> Iterator[Problem]:
    paths = {event_subject(name): f"events/{name}.avsc" for name in current.events}
    paths |= {view_subject(*key): f"views/{key[0]}/{key[1]}.avsc" for key in current.views}
    shared = {full_name(schema): f"types/{schema['name']}.avsc" for schema in current.types.values()}
    met: dict[tuple[str, Break], list[Recorded]] = {}
    for subject, schema in current.subjects().items():
        for old in recorded.get(subject, ()):
            for found in breaks(schema, old):
                met.setdefault((shared.get(found.owner, paths[subject]), found), []).append(old)
    for (path, found), versions in met.items():
        where = f"{path}#{found.place}" if found.place else path
        yield Problem(found.kind, where, sentence(found, versions))


def _removed_types(recorded: Mapping[str, list[Recorded]], folder: Path) -> Iterator[Problem]:
    there = {path.stem for path in files(folder, "events")}
    names = {
        subject.removeprefix(event_subject(""))
        for subject in recorded
        if subject.startswith(event_subject(""))
    }
    for name in sorted(names - there):
        yield Problem("type_removed", f"events/{name}.avsc", "not there, but the type was published")
