"""Forgetting what was remembered of batches that never reached the log."""

from __future__ import annotations

import sqlalchemy as sa

from hub.facts import Fate
from hub.registers import tables as t


def forget_after(connection: sa.Connection, position: int) -> None:
    """Put the registers back to where they were when the log had come to `position`."""
    for table in (t.events, t.numbers, t.tallies):
        connection.execute(sa.delete(table).where(table.c.position > position))
    for table in (t.consents, t.protections, t.residences):
        connection.execute(sa.delete(table).where(table.c.step > 2 * position))
    connection.execute(sa.delete(t.set_aside).where(t.set_aside.c.decided_at > position))
    connection.execute(sa.delete(t.held).where(t.held.c.held_at > position))
    connection.execute(sa.update(t.held).where(t.held.c.released_at > position).values(released_at=None))
    undecided = t.events.c.fate_position > position
    mine = sa.and_(t.held.c.position == t.events.c.position, t.held.c.released_at.is_(None))
    kept = sa.select(t.held.c.why).where(mine).scalar_subquery()
    connection.execute(
        sa.update(t.events)
        .where(undecided)
        .values(
            fate=sa.case((kept == "second_report", Fate.SAME_VITAL.value), else_=Fate.HELD.value),
            fate_position=t.events.c.position,
            with_event=None,
            sent_to=None,
            withheld_from=None,
        )
    )
    connection.execute(sa.update(t.progress).values(position=position))
