"""What an operator's rewind means: which stretch of a feed it is, and how much would come once more.

The command line and the console ask here, so that both read a place alike and are refused alike.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from consumers.cloudevents import ForeignCursor, position_of
from consumers.positions import position_before
from hub.contacts import Rewind, RewindRefused, Rewinds
from hub.database import reading
from hub.deliveries import Deliveries, Request
from hub.deliveries.tables import delivered
from hub.eventlog import Log
from hub.topics import DELIVER, outbox


class BadPlace(ValueError):
    """What was said is no place in the feed. Says why, and what is one."""


class Stretch(NamedTuple):
    """A part of a feed: positions behind `after` up to `until`."""

    after: int
    until: int
    #: Events of it that the agency has taken: so many come once more, at most. What has lost its legal basis does not.
    events: int


@dataclass(frozen=True, slots=True)
class RewindDesk:
    """Where rewinds are looked at beforehand, asked for and cancelled."""

    log: Log
    deliveries: sa.Engine
    #: The agencies to which the hub hands events out; the others ask again by themselves.
    pushed: Collection[str]

    def stretch(self, agency: str, to: str) -> Stretch:
        """Return what a rewind to a cursor or a time (RFC 3339) would hand out. Nothing is changed.

        Raises `BadPlace`, and `RewindRefused` when that can't be handed out once more.
        """
        after, until = self._extent(agency, to)
        if until <= after:
            raise RewindRefused(f"nothing of the feed of {agency} behind there has been handed out yet")
        c = delivered.c
        mine = sa.and_(c.agency == agency, c.position > after, c.position <= until)
        with reading(self.deliveries) as connection:
            count = connection.execute(sa.select(sa.func.count()).select_from(delivered).where(mine)).scalar_one()
        return Stretch(after, until, count)

    def ask(self, agency: str, to: str, request: Request, identity: str | None = None) -> Rewind:
        """Ask for a rewind; `identity` is the id that it shall have. Raises `BadPlace` and `RewindRefused`."""
        return Rewinds(self.deliveries).ask(agency, *self._extent(agency, to), request, identity)

    def cancel(self, agency: str, request: Request) -> Rewind:
        """End the rewind that is under way. Raises `RewindRefused` when there is none."""
        found = Rewinds(self.deliveries).cancel(agency, request)
        if found is None:
            raise RewindRefused(f"the feed of {agency} is not being rewound")
        return found

    def fetches(self, agency: str) -> bool:
        """Say whether an agency fetches its events itself: it can ask again behind any older cursor."""
        return agency not in self.pushed

    def _extent(self, agency: str, to: str) -> tuple[int, int]:
        if self.fetches(agency):
            raise RewindRefused(f"{agency} fetches its events itself: it can ask again behind any older cursor")
        committed, last = self.log.extent(outbox(agency), DELIVER)
        after = self._position(agency, to.strip(), last)
        return after, max(committed, Deliveries(self.deliveries).last_taken(agency))

    def _position(self, agency: str, to: str, last: int) -> int:
        try:
            moment = datetime.fromisoformat(to)
        except ValueError:
            try:
                return position_of(agency, to)
            except ForeignCursor as problem:
                raise BadPlace(f"neither a time such as 2026-11-20T08:00:00+07:00 nor a cursor: {problem}") from problem
        if moment.tzinfo is None:
            raise BadPlace("say the offset too, such as 2026-11-20T08:00:00+07:00 or …Z")
        return position_before(self.log, outbox(agency), int(moment.timestamp() * 1000), last)
