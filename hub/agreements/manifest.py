"""A manifest as it was written: its content, and the line on which each value stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml


class AgreementProblem(Exception):
    """A manifest can't be used. Says the file, the line, what is wrong and what is allowed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """One file."""

    path: Path
    content: Any
    node: yaml.Node | None

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Read a file. Raises `AgreementProblem` for what is no YAML."""
        try:
            text = path.read_text(encoding="utf-8")
            node, content = yaml.compose(text, yaml.SafeLoader), yaml.safe_load(text)
        except (OSError, UnicodeDecodeError, yaml.reader.ReaderError) as error:
            raise AgreementProblem(f"{path}: can't be read as text in UTF-8: {error}") from error
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise AgreementProblem(f"{path}:{line}: not YAML: {error.problem}") from error
        return cls(path, content, node)

    def problem(self, place: Sequence[str | int], what: str) -> AgreementProblem:
        """Return what is wrong with the value at a place."""
        return AgreementProblem(f"{self.path}:{_line_of(self.node, place)}: {what}")


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
