"""Reads a YAML file and checks it against a JSON Schema: what is wrong is told with its line and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from deploy.settings import BadSetting


class ManifestProblem(BadSetting):
    """A file of settings can't be used. Says the file, the line, what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The content of a file, and where in it everything stands."""

    path: Path
    content: Any
    node: yaml.Node | None

    def problem(self, path: Sequence[str | int], words: str) -> ManifestProblem:
        """Return what is wrong with the value at `path`."""
        return ManifestProblem(f"{self.path}:{_line_of(self.node, path)}: {words}")


def read_manifest(path: Path, schema: Mapping[str, Any]) -> Manifest:
    """Read and check a file. Raises `ManifestProblem`."""
    try:
        text = path.read_text(encoding="utf-8")
        manifest = Manifest(path, yaml.safe_load(text), yaml.compose(text, yaml.SafeLoader))
    except (OSError, UnicodeDecodeError, yaml.reader.ReaderError) as error:
        raise ManifestProblem(f"{path}: can't be read as text in UTF-8: {error}") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise ManifestProblem(f"{path}:{line}: not YAML: {error.problem}") from error
    wrong = best_match(Draft202012Validator(schema).iter_errors(manifest.content))
    if wrong is not None:
        raise _shape_problem(manifest, wrong)
    return manifest


def _shape_problem(manifest: Manifest, error: Any) -> ManifestProblem:
    where: list[str | int] = list(error.absolute_path)
    allowed: list[Any] = []
    if error.validator == "enum":
        allowed = error.validator_value
    elif error.validator == "additionalProperties":
        allowed = list(error.schema["properties"])
        where.append(next(key for key in error.instance if key not in allowed))
    name = "/".join(str(part) for part in where) or "the file"
    hint = f" Allowed: {', '.join(map(str, allowed))}." if allowed else ""
    return manifest.problem(where, f"{name}: {error.message}.{hint}")


def _line_of(node: yaml.Node | None, path: Sequence[str | int]) -> int:
    """Return the line (from 1) on which the value at `path` stands, or the nearest one above it."""
    line = 1
    for part in path:
        child: yaml.Node | None = None
        if isinstance(node, yaml.MappingNode):
            child = next((value for key, value in node.value if key.value == part), None)
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int):
            child = node.value[part]
        if child is None:
            break
        node, line = child, child.start_mark.line + 1
    return line
