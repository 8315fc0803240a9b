"""Reads `.avsc` files and puts the shared types in where they are first used, so that a text stands alone."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from schemas.problem import SchemaProblem

#: The folder with the schemas that come with the hub.
FOLDER = Path(__file__).parent
PRIMITIVES = frozenset(["null", "boolean", "int", "long", "float", "double", "bytes", "string"])
NAMED = frozenset(["record", "enum", "fixed"])


def read_json(path: Path, folder: Path) -> Any:
    """Return the content of a JSON file. Raises `SchemaProblem` (`unreadable`) with the reason."""
    try:
        return orjson.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise SchemaProblem("unreadable", place(path, folder), str(error)) from error


def place(path: Path, folder: Path) -> str:
    """Return the path as problems show it: from the schema folder."""
    return path.relative_to(folder).as_posix()


def files(folder: Path, *parts: str) -> list[Path]:
    """Return the `.avsc` files right under a part of the schema folder, by name."""
    return sorted(folder.joinpath(*parts).glob("*.avsc"))


def agencies(folder: Path) -> list[str]:
    """Return the agencies that have a folder of views."""
    return sorted(path.name for path in (folder / "views").glob("*") if path.is_dir())


def read_type(path: Path, folder: Path) -> tuple[str, dict[str, Any]]:
    """Return a shared type's full name and its definition. Raises `SchemaProblem`."""
    schema = read_json(path, folder)
    if not isinstance(schema, dict) or schema.get("name") != path.stem or str(schema.get("type")) not in NAMED:
        raise SchemaProblem("misnamed", place(path, folder), f"must define one named type called {path.stem}")
    return full_name(schema), schema


def read_types(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the shared types by full name. Raises `SchemaProblem`."""
    return dict(read_type(path, folder) for path in files(folder, "types"))


def read_record(path: Path, folder: Path, types: Mapping[str, dict[str, Any]], namespace: str) -> dict[str, Any]:
    """Return the resolved record of a file. Raises `SchemaProblem` for anything else."""
    schema = read_json(path, folder)
    if not isinstance(schema, dict) or not isinstance(schema.get("fields"), list):
        raise SchemaProblem("unparsable", place(path, folder), "must be an Avro record with fields")
    wanted = f"{namespace}.{path.stem}"
    if full_name(schema) != wanted:
        raise SchemaProblem("misnamed", place(path, folder), f"is called {full_name(schema)}, must be {wanted}")
    try:
        resolved: dict[str, Any] = resolve(schema, types, set())
    except (LookupError, TypeError) as error:
        raise SchemaProblem("unparsable", place(path, folder), f"not an Avro schema: {error}") from error
    return resolved


def full_name(schema: Mapping[str, Any]) -> str:
    """Return the name with its namespace."""
    return f"{schema.get('namespace', '')}.{schema.get('name', '')}".lstrip(".")


def resolve(schema: Any, types: Mapping[str, dict[str, Any]], met: set[str]) -> Any:
    """Return the schema with each shared type defined where it is first used and named after that.

    Raises LookupError for a name that no file defines, TypeError for what is no schema.
    """
    if isinstance(schema, str):
        if schema in PRIMITIVES or schema in met:
            return schema
        if schema not in types:
            raise LookupError(f"no type is called {schema}")
        return resolve(types[schema], types, met)
    if isinstance(schema, list):
        return [resolve(branch, types, met) for branch in schema]
    if not isinstance(schema, dict):
        raise TypeError(f"{schema!r} is no schema")
    return _resolve_complex(schema, types, met)


def _resolve_complex(schema: dict[str, Any], types: Mapping[str, dict[str, Any]], met: set[str]) -> dict[str, Any]:
    kind = schema.get("type")
    if kind in NAMED:
        met.add(full_name(schema))
    if kind == "record":
        fields = [{**field, "type": resolve(field["type"], types, met)} for field in schema["fields"]]
        return {**schema, "fields": fields}
    if kind == "array":
        return {**schema, "items": resolve(schema["items"], types, met)}
    if kind == "map":
        return {**schema, "values": resolve(schema["values"], types, met)}
    if kind not in NAMED and kind not in PRIMITIVES:
        raise TypeError(f"{kind!r} is no type of Avro")
    return dict(schema)


def without_docs(schema: Any) -> Any:
    """Return what makes two texts the same version: everything but the `doc` texts and the layout."""
    if isinstance(schema, list):
        return [without_docs(item) for item in schema]
    if isinstance(schema, dict):
        return {key: without_docs(value) for key, value in schema.items() if key != "doc"}
    return schema


def bare(schema: Any) -> Any:
    """Return the schema as fastavro is quick with: dates and timestamps plain numbers, no metadata."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in PRIMITIVES:
        return schema["type"]
    kept = {key: value for key, value in schema.items() if key not in ("doc", "dancu", "fields")}
    if "items" in kept:
        kept["items"] = bare(kept["items"])
    if "fields" in schema:
        kept["fields"] = [
            {
                key: bare(value) if key == "type" else value
                for key, value in field.items()
                if key not in ("doc", "dancu")
            }
            for field in schema["fields"]
        ]
    return kept


def expanded(schema: Any, defined: dict[str, Any]) -> Any:
    """Return a part of a resolved schema in which every named type is spelt out, however often it is used.

    `defined` remembers the definitions met so far: call it with one dict for the parts of a record, in order.
    The shared types must not contain themselves.
    """
    if isinstance(schema, str):
        return schema if schema in PRIMITIVES else defined[schema]
    if isinstance(schema, list):
        return [expanded(branch, defined) for branch in schema]
    spelt = dict(schema)
    if "items" in schema:
        spelt["items"] = expanded(schema["items"], defined)
    if "fields" in schema:
        spelt["fields"] = [{**field, "type": expanded(field["type"], defined)} for field in schema["fields"]]
    if schema["type"] in NAMED:
        defined[full_name(schema)] = spelt
    return spelt
