"""How far was looked, and when which case is looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from hub.database import reading
from hub.eventlog import start_of
from hub.procedures.tables import cases, looked

#: Milliseconds after which an open case is looked at again: soon while it is young, for acknowledgements; a case that
#: waits for events only, of which the registers tell by themselves, once a day.
_SOONEST: Final = 2_000
LATEST: Final = 600_000
_DAY: Final = 86_400_000
#: The part of its age that a case waits to be looked at.
_PART: Final = 8


def looked_up_to(engine: sa.Engine, rules: str, topic: str, partition: int) -> int:
    """Return the position of a topic's partition up to which was looked by these rules."""
    c = looked.c
    mine = sa.and_(c.rules == rules, c.topic == topic, c.partition == partition)
    with reading(engine) as connection:
        found = connection.scalar(sa.select(c.position).where(mine))
    return start_of(partition) if found is None else found


def next_look(opened_at: int, now: int, *, asks: bool) -> int:
    """Return when a case is looked at again; `asks`: an agency has not acknowledged yet. Pure."""
    return now + (min(max((now - opened_at) // _PART, _SOONEST), LATEST) if asks else _DAY)


def to_look_at(engine: sa.Engine, now: int, limit: int) -> Sequence[str]:
    """Return the ids of cases whose time to be looked at has come, the longest due first."""
    query = sa.select(cases.c.event_id).where(cases.c.look_at <= now).order_by(cases.c.look_at).limit(limit)
    with reading(engine) as connection:
        return connection.scalars(query).all()
