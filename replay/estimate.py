"""What a replay would do: counted before anybody approves it. Nothing is changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from hub.contacts.tables import contacts
from hub.database import among, reading
from hub.deliveries import Held, State, rows
from hub.deliveries.tables import held
from replay.selection import Selection, condition, failed
from replay.verdict import Judge
from schemas.conversion import rfc3339

_PAGE = 1000
#: Event ids that are named.
_SAMPLE = 5


@dataclass(slots=True)
class Share:
    """What a replay would do at one agency."""

    deliveries: int = 0
    #: When the oldest of them was kept back, in milliseconds since 1970 UTC.
    oldest: int | None = None
    #: Later events of the same persons: they come along, in order.
    waiting_behind: int = 0
    #: An operator has switched the agency off: they come when it is resumed.
    suspended: bool = False
    skipped: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> dict[str, Any]:
        """Return it with the time in RFC 3339."""
        return {
            "deliveries": self.deliveries,
            "will_be_sent": self.deliveries - self.skipped.total(),
            "waiting_behind": self.waiting_behind,
            "oldest": None if self.oldest is None else rfc3339(self.oldest),
            "suspended": self.suspended,
            "skipped": dict(sorted(self.skipped.items())),
        }


@dataclass(slots=True)
class Estimate:
    """What a replay would do."""

    agencies: dict[str, Share] = field(default_factory=dict)
    sample: list[str] = field(default_factory=list)

    @property
    def deliveries(self) -> int:
        """How many are selected."""
        return sum(share.deliveries for share in self.agencies.values())

    def as_json(self) -> dict[str, Any]:
        """Return what is kept with the plan."""
        skipped: Counter[str] = sum((share.skipped for share in self.agencies.values()), Counter())
        oldest = min((share.oldest for share in self.agencies.values() if share.oldest is not None), default=None)
        return {
            "deliveries": self.deliveries,
            "will_be_sent": self.deliveries - skipped.total(),
            "waiting_behind": sum(share.waiting_behind for share in self.agencies.values()),
            "oldest": None if oldest is None else rfc3339(oldest),
            "skipped": dict(sorted(skipped.items())),
            "agencies": {name: share.as_json() for name, share in sorted(self.agencies.items())},
            "sample": self.sample,
        }


def estimate_of(engine: sa.Engine, judge: Judge, selection: Selection, now: int) -> Estimate:
    """Count what a selection means now, page by page; `selection` has every number of its persons."""
    found = Estimate()
    suspended = _suspended(engine)
    for page in pages(engine, selection, now):
        for agency, group in groupby(page, key=lambda entry: entry.agency):
            entries = list(group)
            share = found.agencies.setdefault(agency, Share(suspended=agency in suspended))
            share.deliveries += len(entries)
            share.oldest = (
                min(entry.held_at for entry in entries)
                if share.oldest is None
                else min(share.oldest, *(entry.held_at for entry in entries))
            )
            share.waiting_behind += _waiting(engine, agency, entries)
            share.skipped.update(judge.foreseen(agency, entries, quarantined=selection.quarantined).values())
            found.sample += [entry.event_id for entry in entries[: _SAMPLE - len(found.sample)]]
    return found


def pages(engine: sa.Engine, selection: Selection, now: int) -> Iterator[Sequence[Held]]:
    """Yield what a selection means now, in the order of (agency, position)."""
    after, chosen = ("", 0), sa.and_(failed(now), condition(selection))
    while True:
        query = sa.select(held).where(chosen, sa.tuple_(held.c.agency, held.c.position) > after)
        with reading(engine) as connection:
            found = connection.execute(query.order_by(held.c.agency, held.c.position).limit(_PAGE)).all()
        if not found:
            return
        yield [rows.held_of(row) for row in found]
        after = (found[-1].agency, found[-1].position)


def _waiting(engine: sa.Engine, agency: str, entries: Sequence[Held]) -> int:
    persons = {entry.record.key for entry in entries}
    mine = sa.and_(held.c.agency == agency, among(held.c.key, persons), held.c.state == State.WAITING)
    with reading(engine) as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(held).where(mine)).scalar_one()


def _suspended(engine: sa.Engine) -> set[str]:
    with reading(engine) as connection:
        return set(connection.scalars(sa.select(contacts.c.agency).where(contacts.c.suspended_at.is_not(None))))
