"""`dancu schemas check`: everything that is wrong in a schema folder, each with kind, path and message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from schemas.avsc import FOLDER, files, full_name, read_json
from schemas.committed_json import json_problems
from schemas.current import Current, read_current
from schemas.evolution import Break, breaks, sentence
from schemas.problem import Problem, SchemaProblem
from schemas.rules import matrix_problems, view_problems
from schemas.versions import Recorded, event_subject, read_recorded, same_version, view_subject


def problems(folder: Path = FOLDER) -> list[Problem]:
    """Return all that is wrong: with single files, between them, and against every published version."""
    current = read_current(folder)
    found = list(current.problems)
    if not files(folder, "events"):
        return [*found, Problem("empty", "events", "there are no event types here")]
    found += _view_problems(current, folder)
    found += _matrix_problems(current, folder)
    found += json_problems(current)
    try:
        recorded = read_recorded(folder)
        found += _evolution_problems(current, recorded)
        found += _record_problems(recorded, folder)
    except SchemaProblem as broken:
        found.append(broken.problem)
    return sorted(set(found))


def unrecorded(folder: Path = FOLDER) -> list[str]:
    """Return the subjects whose schema has no id yet. Raises `SchemaProblem`."""
    recorded = read_recorded(folder)
    subjects = read_current(folder).subjects()
    return [name for name, schema in subjects.items() if not same_version(schema, recorded.get(name, ()))]


def _view_problems(current: Current, folder: Path) -> Iterator[Problem]:
    for (agency, name), view in current.views.items():
        event = current.events.get(name)
        if event is not None or not (folder / "events" / f"{name}.avsc").exists():
            yield from view_problems(view, event, f"views/{agency}/{name}.avsc")


def _matrix_problems(current: Current, folder: Path) -> Iterator[Problem]:
    try:
        matrix = read_json(folder / "matrix.json", folder)
    except SchemaProblem as broken:
        yield broken.problem
        return
    broken_events = {path.stem for path in files(folder, "events")} - current.events.keys()
    known = (
        {name: row for name, row in matrix.items() if name not in broken_events} if isinstance(matrix, dict) else matrix
    )
    yield from matrix_problems(known, current.events)


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


def _record_problems(recorded: Mapping[str, list[Recorded]], folder: Path) -> Iterator[Problem]:
    there = {path.stem for path in files(folder, "events")}
    prefix = event_subject("")
    for subject in recorded:
        name = subject.removeprefix(prefix)
        if subject.startswith(prefix) and name not in there:
            yield Problem("type_removed", f"events/{name}.avsc", "not there, but the type was published")
    ids = Counter(old.schema_id for versions in recorded.values() for old in versions)
    for schema_id in (schema_id for schema_id, times in ids.items() if times > 1):
        yield Problem("id_given_twice", f"recorded/index.json#{schema_id}", "an id belongs to one version for ever")
