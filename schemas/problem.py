"""What is wrong with the schemas: as data for a list, and as the exception for whoever can't go on."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """One thing that is wrong in the schema folder."""

    #: A short, stable class such as `missing_enum_symbols`, `view_field_unknown` or `unreadable`.
    kind: str
    #: The file, from the schema folder, and after `#` the place in it: `events/DeathRegistered.avsc#died_on`.
    path: str
    message: str


class SchemaProblem(Exception):
    """The schemas can't be used as they are. Carries the first problem met."""

    def __init__(self, kind: str, path: str, message: str) -> None:
        super().__init__(f"{path}: {message} ({kind})")
        self.problem = Problem(kind, path, message)
