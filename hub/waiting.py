"""Time, as records in the log: what waits is released when the log says that it is late enough."""

from __future__ import annotations

import sqlalchemy as sa

from hub import headers as h
from hub.database import reading
from hub.eventlog import Log, Message, Outputs, partition_of
from hub.registers import due
from hub.registers import tables as t
from hub.topics import PIPELINE, RECEIVED


class Waiting:
    """Watches what is kept back."""

    def __init__(self, log: Log, engine: sa.Engine) -> None:
        """Use the registers' database."""
        self._log = log
        self._engine = engine

    def count(self) -> int:
        """Return how many events are kept back and will go on by themselves."""
        with reading(self._engine) as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(t.held).where(due.waits)).scalar_one()

    def tick(self, now: int) -> None:
        """Let time pass where something is due at `now` (milliseconds) and no event comes to do it."""
        self._append(h.TICK_DUE, due.due_at(now))

    def flush(self) -> None:
        """Say that nothing more will come: everything that is kept back is released."""
        self._append(h.TICK_FLUSH, sa.true())

    def _append(self, tick: str, condition: sa.ColumnElement[bool]) -> None:
        """Append a tick to each partition that is worked off and keeps something back."""
        with reading(self._engine) as connection:
            query = sa.select(due.partition).select_from(due.source).where(due.waits, condition).distinct()
            kept = connection.execute(query).scalars().all()
        if kept:
            extents = self._log.extents(RECEIVED, PIPELINE)
            drained = {partition_of(last) for committed, last in extents if committed == last}
            ticks = [Message("", b"", {h.TICK: tick, h.PARTITION: str(part)}) for part in kept if part in drained]
            self._log.append(Outputs({RECEIVED: ticks}))
