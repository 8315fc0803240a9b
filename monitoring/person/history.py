"""A person's events in order, and what each agency received of them on which legal basis. Indexed look-ups only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.database import reading
from hub.registers import tables as t
from monitoring.evidence import Stores
from monitoring.person.shares import Handled, Share, handled_of, share_of

#: Events that one look goes through to sum up who received something; a person has a few dozen.
MOST: Final = 5000


@dataclass(frozen=True, slots=True)
class PersonEvent:
    """An event about the person."""

    #: (when the log took it, where it is): goes into the address of the next page.
    place: tuple[int, int]
    event_id: str
    type: str
    change: str
    version: int
    #: `hub.facts.Fate`.
    fate: str
    decided_at: int
    with_event: str | None
    shares: Sequence[Share]


class Received(NamedTuple):
    """What one agency has of the person in all."""

    agency: str
    #: How many events went to it, and how many were kept from it.
    events: int
    withheld: int
    #: The legal bases, each once.
    bases: Sequence[str]
    last_at: int | None


def page_of(
    stores: Stores, numbers: Sequence[str], after: tuple[int, int] = (0, -1), limit: int = 50
) -> list[PersonEvent]:
    """Return the person's next events behind a place, in the order in which the hub came to know them."""
    with reading(stores.registers) as connection:
        found = [row for number in numbers for row in connection.execute(_events(number, after, limit))]
    rows = sorted(found, key=lambda row: (row.at, row.position))[:limit]
    told = [(row, orjson.loads(row.sent_to or "{}"), orjson.loads(row.withheld_from or "{}")) for row in rows]
    handled = handled_of(stores, [(row, sent_to) for row, sent_to, _ in told])
    return [_event(row, sent_to, withheld, handled) for row, sent_to, withheld in told]


def every_page(stores: Stores, numbers: Sequence[str]) -> Iterator[PersonEvent]:
    """Yield all of them."""
    after = (0, -1)
    while page := page_of(stores, numbers, after, 500):
        yield from page
        after = page[-1].place


def received(registers: sa.Engine, numbers: Sequence[str]) -> tuple[list[Received], int]:
    """Return what each agency has of the person in all, and how many events there are (of the first `MOST`)."""
    sums: dict[str, tuple[int, int, dict[str, None], int | None]] = {}
    count = 0
    with reading(registers) as connection:
        for number in numbers:
            for row in connection.execute(_events(number, (0, -1), MOST)):
                count += 1
                for agency, (_, basis, _, *given_at) in orjson.loads(row.sent_to or "{}").items():
                    sent, barred, bases, last = sums.get(agency, (0, 0, {}, None))
                    at = max(last or 0, given_at[0] if given_at else row.fate_at)
                    sums[agency] = (sent + 1, barred, {**bases, basis: None}, at)
                for agency in orjson.loads(row.withheld_from or "{}"):
                    sent, barred, bases, last = sums.get(agency, (0, 0, {}, None))
                    sums[agency] = (sent, barred + 1, bases, last)
    told = [Received(agency, one[0], one[1], list(one[2]), one[3]) for agency, one in sorted(sums.items())]
    return told, count


def _events(number: str, after: tuple[int, int], limit: int) -> sa.Select[Any]:
    """One number's events: a range of the index over facts (`}` comes after `|`, byte by byte)."""
    c = t.events.c
    mine = sa.and_(c.fact >= f"{number}|", c.fact < f"{number}}}")
    behind = sa.tuple_(_unindexed(c.at), _unindexed(c.position)) > sa.tuple_(*after)
    order = (_unindexed(c.at), _unindexed(c.position))
    return sa.select(t.events).where(mine, behind).order_by(*order).limit(limit)


def _unindexed(column: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """So that no planner goes through the whole table in the order of its key to spare the sorting of a few rows."""
    return column + 0


def _event(row: sa.Row[Any], sent_to: Mapping[str, Any], withheld: Mapping[str, str], handled: Handled) -> PersonEvent:
    shares = [share_of(row.event_id, agency, said, handled) for agency, said in sent_to.items()]
    shares += [
        Share(agency, "withheld", None, None, False, None, code)
        for agency, code in withheld.items()
        if agency not in sent_to
    ]
    return PersonEvent(
        place=(row.at, row.position),
        event_id=row.event_id,
        type=row.type,
        change=row.change,
        version=row.version,
        fate=row.fate,
        decided_at=row.fate_at,
        with_event=row.with_event,
        shares=sorted(shares, key=lambda share: share.agency),
    )
