"""The schemas as the files have them now, read past broken ones: what check, record and json work on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from schemas.avsc import FOLDER, agencies, files, place, read_record, read_type
from schemas.problem import Problem, SchemaProblem
from schemas.rules import shape_problems
from schemas.versions import event_subject, view_subject


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
