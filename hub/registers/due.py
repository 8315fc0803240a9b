"""What is kept back, and which partition lets it go when its time has come."""

from __future__ import annotations

import sqlalchemy as sa

from hub.eventlog import PARTITION_BITS
from hub.facts import Why
from hub.registers import tables as t

#: Milliseconds. Who was moved to another partition is let go there by the event that moved them. Should that never
#: have come, because its sender never sent it again, time does it, so much later.
_ORPHANED = 3_600_000

_kept, _routes = t.held.c, t.routes.c
_home = _kept.held_at.op(">>")(sa.literal_column(str(PARTITION_BITS)))
_moved = sa.and_(_routes.partition.is_not(None), _routes.partition != _home)

#: Everything that is kept back and will go on by itself.
waits = sa.and_(_kept.released_at.is_(None), _kept.why != Why.SECOND_REPORT.value)
#: The partition that lets it go.
partition = sa.case((_moved, _routes.partition), else_=_home)
#: `held` with what the condition and the partition need.
source = t.held.outerjoin(t.routes, _routes.number == _kept.key)


def due_at(now: int | sa.BindParameter[int]) -> sa.ColumnElement[bool]:
    """Return the condition that something is due at a time in milliseconds."""
    return _kept.until <= sa.case((_moved, now - _ORPHANED), else_=now)
