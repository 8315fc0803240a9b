"""What a source is: a register's export, read row by row into CloudEvents that intake then checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

#: A CloudEvent in JSON's structured mode, as intake takes it.
CloudEvent = dict[str, Any]
#: One row: what stands under each column, stripped. An empty cell is the empty string.
Cells = Mapping[str, str]


class Place(NamedTuple):
    """A point between two rows of an export. Plain numbers: store them to go on later."""

    #: Bytes from the start of the file.
    offset: int
    #: Physical lines before it.
    line: int


@dataclass(frozen=True, slots=True)
class Row:
    """A row that was understood."""

    #: The physical line on which it begins; the header is line 1.
    line: int
    #: Usually one; a marriage concerns two persons and gives two.
    events: tuple[CloudEvent, ...]
    #: Where to go on after this row.
    place: Place


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was not understood; the rest of the file goes on."""

    line: int
    #: The column as the header names it; empty when the row as a whole is wrong.
    column: str
    #: Vietnamese, then English. Never holds the cell's content, which may be a personal number.
    message: str
    #: The row as it stood in the file; bytes that are no UTF-8 are written `\\xNN`.
    raw: str
    place: Place


Item = Row | RowError


class NotAnExport(ValueError):
    """The file as a whole cannot be read as this register's export: empty, another header, not UTF-8."""


class BadCell(ValueError):
    """A cell's content makes its row unusable."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Source:
    """One register's export: its columns and what a row means."""

    #: As `--source` names it.
    name: str
    #: Names the kind of each row; no other source has this column, so it tells the exports apart.
    kind_column: str
    #: All columns, `kind_column` included. A header holds each once, in any order, and no others.
    columns: tuple[str, ...]
    #: Raises BadCell.
    translate: Callable[[Cells], tuple[CloudEvent, ...]]
