"""The JSON Schemas in the repository: written from the Avro ones, and checked to be what these say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from schemas.avsc import FOLDER, files, place
from schemas.current import Current, read_current
from schemas.json_schema import file_of, json_schema, text_of
from schemas.payload import payload_of
from schemas.problem import Problem, SchemaProblem


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


def json_problems(current: Current) -> Iterator[Problem]:
    """Yield the event types of which no JSON Schema can be made."""
    for name, schema in current.events.items():
        try:
            json_schema(schema, payload_of(schema))
        except SchemaProblem as broken:
            kind, where, message = broken.problem
            yield Problem(kind, f"events/{name}.avsc#{where}", message)


def outdated(folder: Path = FOLDER) -> list[str]:
    """Return which JSON Schemas are not what the Avro says, or belong to no event type. Raises `SchemaProblem`."""
    known = {file_of(path.stem, folder) for path in files(folder, "events")}
    unknown = set((folder / "json").glob("*")) - known
    return sorted(place(path, folder) for path in {*write_json_schemas(folder, dry=True), *unknown})
