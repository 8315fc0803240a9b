"""Lets in once more what was refused: the registers forget that they have met it, but not that it was refused."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from hub.database import among
from hub.facts import Fate
from hub.registers import tables as t


def forget_refused(engine: sa.Engine, event_ids: Sequence[str]) -> int:
    """Forget the first meeting of events that were refused, so that they are no duplicates when they come again.

    What else became of an event is never forgotten so. Doing it again changes nothing. Returns how many there were.
    """
    mine = sa.and_(among(t.events.c.event_id, event_ids), t.events.c.fate == Fate.REFUSED.value)
    with engine.begin() as connection:
        return connection.execute(sa.delete(t.events).where(mine)).rowcount
