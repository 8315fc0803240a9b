"""Forgetting what was remembered of batches that never reached the log."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from hub.eventlog import partition_of, start_of
from hub.facts import Fate
from hub.registers import tables as t


def forget_after(connection: sa.Connection, position: int) -> None:
    """Put the registers back to where they were when the log had come to `position` of its partition."""
    partition = partition_of(position)
    end = start_of(partition + 1)

    def beyond(column: sa.Column[Any], times: int = 1) -> sa.ColumnElement[bool]:
        return column.between(times * position + 1, times * end - 1)  # at `end` is the next one's base of counts

    for table in (t.events, t.numbers, t.tallies):
        connection.execute(sa.delete(table).where(beyond(table.c.position)))
    for table in (t.consents, t.protections, t.residences):
        connection.execute(sa.delete(table).where(beyond(table.c.step, 2)))
    connection.execute(sa.delete(t.set_aside).where(beyond(t.set_aside.c.decided_at)))
    connection.execute(sa.delete(t.held).where(beyond(t.held.c.held_at)))
    connection.execute(sa.update(t.held).where(beyond(t.held.c.released_at)).values(released_at=None))
    mine = sa.and_(t.held.c.position == t.events.c.position, t.held.c.released_at.is_(None))
    kept = sa.select(t.held.c.why).where(mine).scalar_subquery()
    connection.execute(
        sa.update(t.events)
        .where(beyond(t.events.c.fate_position), t.events.c.fate_position != t.events.c.position)
        .values(
            fate=sa.case((kept == "second_report", Fate.SAME_VITAL.value), else_=Fate.HELD.value),
            fate_position=t.events.c.position,
            with_event=None,
            sent_to=None,
            withheld_from=None,
        )
    )
    connection.execute(sa.update(t.progress).where(t.progress.c.partition == partition).values(position=position))
