"""Which parked deliveries a replay would skip, and why: asked when it is planned, and again when its turn comes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub import headers as h
from hub.arrival import fact_key
from hub.database import among, reading
from hub.deliveries import Held
from hub.deliveries.tables import attempts, delivered
from hub.entitlement import MayHave
from hub.facts import Fate
from hub.registers.tables import events

#: Replayed so often in vain that another replay leaves it alone.
QUARANTINED: Final = "quarantined"
#: The agency has a later version of the same fact already.
SUPERSEDED: Final = "superseded"


@dataclass(frozen=True, slots=True)
class Judge:
    """Knows why a delivery would be skipped."""

    deliveries: sa.Engine
    registers: sa.Engine
    #: Number → every number of its person.
    numbers_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
    may_have: MayHave
    #: After so many replays that did not bring it a delivery is left alone.
    quarantine: int = 3

    def before_asking(self, agency: str, entries: Sequence[Held], *, quarantined: bool) -> dict[int, str]:
        """Return position → why, for those of an agency that are not even asked for.

        `quarantined`: also those are asked for that were replayed too often.
        """
        found = dict.fromkeys(self._superseded(agency, entries), SUPERSEDED)
        if not quarantined:
            found |= dict.fromkeys(self._replayed_too_often(agency, entries), QUARANTINED)
        return found

    def foreseen(self, agency: str, entries: Sequence[Held], *, quarantined: bool) -> dict[int, str]:
        """Return position → why, also for those that would be asked for, but not sent: their legal basis ended."""
        barred = self.may_have(agency, [entry.record for entry in entries])
        return {**barred, **self.before_asking(agency, entries, quarantined=quarantined)}

    def _replayed_too_often(self, agency: str, entries: Sequence[Held]) -> list[int]:
        c = attempts.c
        places = [entry.record.position for entry in entries]
        mine = sa.and_(c.agency == agency, c.position.in_(places), c.requested_by.is_not(None))
        often = sa.func.count(c.requested_at.distinct()) >= self.quarantine
        query = sa.select(c.position).where(mine).group_by(c.position).having(often)
        with reading(self.deliveries) as connection:
            return list(connection.scalars(query))

    def _superseded(self, agency: str, entries: Sequence[Held]) -> list[int]:
        """Return the positions of those of which the agency has a later version."""
        later = self._later_versions(entries)
        if not later:
            return []
        ids = {event_id for found in later.values() for event_id in found}
        query = sa.select(delivered.c.event_id).where(delivered.c.agency == agency, among(delivered.c.event_id, ids))
        with reading(self.deliveries) as connection:
            taken = set(connection.scalars(query))
        return [position for position, found in later.items() if taken & found]

    def _later_versions(self, entries: Sequence[Held]) -> dict[int, set[str]]:
        """Return position → ids of the published later versions of the same fact."""
        numbers = self.numbers_of(list({entry.record.key for entry in entries}))
        versions: dict[str, list[tuple[int, int]]] = {}
        for entry in entries:
            headers = entry.record.headers
            if h.FACT_ID in headers and headers.get(h.FACT_VERSION, "").isdecimal():
                place = (entry.record.position, int(headers[h.FACT_VERSION]))
                for number in numbers[entry.record.key]:
                    versions.setdefault(fact_key(number, entry.type, headers[h.FACT_ID]), []).append(place)
        c = events.c
        query = sa.select(c.fact, c.version, c.event_id).where(among(c.fact, versions), c.fate == Fate.PUBLISHED.value)
        found: dict[int, set[str]] = {}
        with reading(self.registers) as connection:
            for fact, version, event_id in connection.execute(query):
                for position, own in versions[fact]:
                    if version > own:
                        found.setdefault(position, set()).add(event_id)
        return found
