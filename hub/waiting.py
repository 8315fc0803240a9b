"""Time, as records in the log: what waits is released when the log says that it is late enough."""

from __future__ import annotations

import sqlalchemy as sa

from hub import headers as h
from hub.database import reading
from hub.eventlog import Log, Message, Outputs
from hub.facts import Why
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
        return self._count(sa.true())

    def tick(self, now: int) -> None:
        """Let time pass when something is due at `now` (milliseconds) and no event comes to do it."""
        if self._drained() and self._count(t.held.c.until <= now):
            self._append(h.TICK_DUE)

    def flush(self) -> None:
        """Say that nothing more will come: everything that is kept back is released."""
        if self._drained() and self.count():
            self._append(h.TICK_FLUSH)

    def _drained(self) -> bool:
        committed, last = self._log.extent(RECEIVED, PIPELINE)
        return committed == last

    def _count(self, condition: sa.ColumnElement[bool]) -> int:
        c = t.held.c
        waits = sa.and_(c.released_at.is_(None), c.why != Why.SECOND_REPORT.value, condition)
        with reading(self._engine) as connection:
            return connection.execute(sa.select(sa.func.count()).select_from(t.held).where(waits)).scalar_one()

    def _append(self, tick: str) -> None:
        self._log.append(Outputs({RECEIVED: [Message("", b"", {h.TICK: tick})]}))
