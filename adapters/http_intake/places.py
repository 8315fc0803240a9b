"""Where intake met an event first, as the registers' database knows it: tells a resent event from a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import sqlalchemy as sa

from adapters.http_intake.verdict import composed
from hub.database import among, reading
from hub.registers import tables as t


def first_places_in(engine: sa.Engine) -> Callable[[Sequence[str]], dict[str, str]]:
    """Return what tells where intake met ids first, from the registers' database."""

    def first_places(event_ids: Sequence[str]) -> dict[str, str]:
        query = sa.select(t.taken.c.event_id, t.taken.c.place)
        with reading(engine) as connection:
            found = connection.execute(query.where(among(t.taken.c.event_id, map(composed, event_ids))))
            return {row.event_id: row.place for row in found}

    return first_places
