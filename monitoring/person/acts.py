"""The acts about a person that stand now: the newest published version of each, with what it says."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from hub.database import reading
from hub.facts import Fate
from hub.registers import tables as t

#: Acts that are read; a person has a few dozen, besides verifications.
_MOST: Final = 2000
#: These say nothing of how the person stands: there can be thousands, and consents are in a table of their own.
_LEFT_OUT: Final = ("CardVerified", "ConsentGranted", "ConsentWithdrawn")


@dataclass(frozen=True, slots=True)
class Act:
    """One act in a register, as it stands now."""

    type: str
    #: The event that brought the newest version, and where it stands in `received`.
    event_id: str
    position: int
    #: CREATED, CORRECTED or CEASED.
    change: str
    #: What it says, days and milliseconds since 1970 as numbers: of an act that has ended, what it said last.
    content: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def ended(self) -> bool:
        """Whether it was true and is no more."""
        return self.change == "CEASED"


def acts_of(registers: sa.Engine, numbers: Sequence[str], read: Callable[[int], Mapping[str, Any]]) -> list[Act]:
    """Return the acts that stand, the oldest first; `read` gives what the event at a position says."""
    versions: dict[str, list[sa.Row[Any]]] = defaultdict(list)
    with reading(registers) as connection:
        for number in numbers:
            for row in connection.execute(_published(number)):
                versions[row.fact.partition("|")[2]].append(row)
    found = (_standing(sorted(rows, key=lambda row: row.version), read) for rows in versions.values())
    return sorted((act for act in found if act is not None), key=lambda act: act.position)


def _published(number: str) -> sa.Select[Any]:
    """One number's: pieces of the index over facts, around what is left out (`}` comes after `|`, byte by byte)."""
    c = t.events.c
    ranges = sa.or_(*(sa.and_(c.fact >= first, c.fact < end) for first, end in _pieces(number)))
    columns = (c.fact, c.position, c.type, c.version, c.change, c.event_id)
    return sa.select(*columns).where(ranges, c.fate == Fate.PUBLISHED.value).limit(_MOST)


def _pieces(number: str) -> Iterator[tuple[str, str]]:
    first = f"{number}|"
    for name in sorted(_LEFT_OUT):
        yield first, f"{number}|{name}|"
        first = f"{number}|{name}}}"
    yield first, f"{number}}}"


def _standing(rows: Sequence[sa.Row[Any]], read: Callable[[int], Mapping[str, Any]]) -> Act | None:
    newest = rows[-1]
    if newest.change == "ANNULLED":
        return None
    said = [row for row in rows if row.change in ("CREATED", "CORRECTED")]
    content = read((said or rows)[-1].position)
    return Act(newest.type, newest.event_id, newest.position, newest.change, content)
