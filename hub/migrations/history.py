"""The two histories of tables, each with its own revisions and its own table that says which one is reached."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import sqlalchemy as sa

import hub.access.tables
import hub.activity.tables
import hub.audit.tables
import hub.contacts.tables
import hub.edge.tables
import hub.procedures.tables
import hub.replays.tables  # noqa: F401 - these belong to the deliveries' metadata
from hub.deliveries import tables as deliveries
from hub.registers import tables as registers

_HERE = Path(__file__).parent


class Step(NamedTuple):
    """One revision on the way to the newest one."""

    #: Which tables: `registers` or `deliveries`.
    history: str
    revision: str
    #: What it does, in a few words.
    text: str


@dataclass(frozen=True, slots=True)
class History:
    """The tables of one part of the hub, and the revisions that made them what they are."""

    name: str
    metadata: sa.MetaData

    @property
    def version_table(self) -> str:
        """The table with the revision that a database has reached."""
        return f"{self.name}_version"

    @property
    def tables(self) -> set[str]:
        """The names of the tables as they are today."""
        return set(self.metadata.tables)

    @property
    def first(self) -> str:
        """The revision that homes of release 0.1.0 have, which wrote none down."""
        return steps(self.name)[0].revision

    @property
    def head(self) -> str:
        """The newest revision: what this program needs."""
        return steps(self.name)[-1].revision

    @property
    def revisions(self) -> Sequence[str]:
        """Every revision, the first one first."""
        return [step.revision for step in steps(self.name)]

    def steps_after(self, revision: str | None) -> Sequence[Step]:
        """Return what leads from a revision (None: no tables) to the newest one."""
        begin = 0 if revision is None else self.revisions.index(revision) + 1
        return steps(self.name)[begin:]

    @property
    def folder(self) -> Path:
        """Where its revisions are, as alembic wants it."""
        return _HERE / self.name


@cache
def steps(name: str) -> Sequence[Step]:
    """Return all revisions of a history in their order, by the names and first lines of their files.

    Every command that opens a hub asks; alembic, which takes long to load, is only for those that change tables.
    """
    files = sorted((_HERE / name / "versions").glob("r[0-9]*_*.py"))
    return tuple(Step(name, file.name[1:].partition("_")[0], _first_words(file)) for file in files)


def _first_words(file: Path) -> str:
    said = ast.get_docstring(ast.parse(file.read_bytes())) or ""
    return said.split("\n\n")[0]


#: What the hub knows about events and persons.
REGISTERS = History("registers", registers.metadata)
#: What became of every event on its way to each agency.
DELIVERIES = History("deliveries", deliveries.metadata)
