"""The list of connections as a visitor wants it: filtered, in an order, as CSV. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from monitoring.connections import SECTORS, Connection, State
from monitoring.console.places import PREFIX
from schemas.conversion import rfc3339

#: The worst first.
_ORDER: Final = (State.FAILING, State.SUSPENDED, State.SILENT, State.NEVER_CONNECTED, State.CONNECTED)
#: Column → what it is sorted by; None goes last in either order.
_KEYS: Final[Mapping[str, Callable[[Connection], Any]]] = {
    "agency": lambda one: one.party.agency,
    "sector": lambda one: (SECTORS.index(one.party.sector), one.party.agency),
    "state": lambda one: (_ORDER.index(one.state), one.party.agency),
    "contact": lambda one: one.last_contact,
    "oldest": lambda one: one.oldest_undelivered,
    "pending": lambda one: one.pending,
    "parked": lambda one: one.parked,
}
#: With these a spreadsheet takes a cell for a formula.
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which connections, and in which order."""

    sector: str = ""
    state: str = ""
    #: A part of the agency's id or name.
    q: str = ""
    #: A column; with `-` before it the largest first.
    sort: str = "state"

    @property
    def column(self) -> str:
        """Return the column that it is sorted by."""
        column = self.sort.removeprefix("-")
        return column if column in _KEYS else "state"

    @property
    def descending(self) -> bool:
        """Whether the largest comes first."""
        return self.sort.startswith("-")

    def of(self, connections: Sequence[Connection]) -> Sequence[Connection]:
        """Return those that are wanted, in order."""
        key, found = _KEYS[self.column], [one for one in connections if self._has(one)]
        there = [one for one in found if key(one) is not None]
        return [*sorted(there, key=key, reverse=self.descending), *(one for one in found if key(one) is None)]

    def _has(self, one: Connection) -> bool:
        party, text = one.party, self.q.strip().casefold()
        names = f"{party.agency}\n{party.name_vi}\n{party.name_en}".casefold()
        return self.sector in ("", party.sector) and self.state in ("", one.state) and text in names

    def address(self, sort: str | None = None, *, file: str = "") -> str:
        """Return where the list is in this or another order; `file`: what comes behind the page's own address."""
        values = {"sector": self.sector, "state": self.state, "q": self.q.strip(), "sort": sort or self.sort}
        query = urlencode(
            {name: value for name, value in values.items() if value and (name, value) != ("sort", "state")}
        )
        return f"{PREFIX}/connections{file}" + (f"?{query}" if query else "")

    def by(self, column: str) -> str:
        """Return where the list is sorted by a column; by the same one, the other way round."""
        up = column == self.column and not self.descending
        return self.address(f"-{column}" if up else column)

    def aria(self, column: str) -> str | None:
        """Return what a head of a column says about the order."""
        if column != self.column:
            return None
        return "descending" if self.descending else "ascending"


_HEAD: Final = (
    "agency", "name_vi", "name_en", "sector", "way", "state", "last_contact", "oldest_undelivered", "pending",
    "parked", "reason",
)  # fmt: skip


def as_csv(connections: Sequence[Connection]) -> bytes:
    """Return connections as CSV in UTF-8 with a byte order mark, as spreadsheets want it. No cell is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(_HEAD)
    for one in connections:
        party = one.party
        times = ["" if at is None else rfc3339(at) for at in (one.last_contact, one.oldest_undelivered)]
        names = [party.agency, party.name_vi, party.name_en, party.sector, party.way, one.state.value]
        cells = [plain_cell(cell) for cell in (*names, *times)]
        writer.writerow([*cells, one.pending, one.parked, plain_cell(one.reason or "")])
    return b"\xef\xbb\xbf" + text.getvalue().encode()


def plain_cell(value: str) -> str:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if value.startswith(_FORMULA) else value
