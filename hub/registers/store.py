"""The registers as the pipeline uses them: see the past as of a batch, then remember what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from hub.eventlog import Batch
from hub.outcome import Outcome
from hub.registers import tables as t
from hub.registers.forget import forget_after
from hub.registers.past import Past
from hub.registers.remember import write_outcome


class Registers:
    """The registers in one SQL database. Safe in several threads; one pipeline writes at a time."""

    def __init__(self, engine: sa.Engine) -> None:
        """Use a database opened by `hub.database.open_database`; tables that are missing are made."""
        self.engine = engine
        t.metadata.create_all(engine)

    @contextmanager
    def as_of(self, position: int) -> Iterator[Past]:
        """See the past up to a position of `received`. What was remembered beyond it was never committed: forgotten."""
        with self.engine.begin() as connection:
            remembered = connection.scalar(sa.select(t.progress.c.position)) or 0
            if remembered > position:
                forget_after(connection, position)
            yield Past(connection)

    def remember(self, batch: Batch, outcome: Outcome) -> None:
        """Write down what was decided about a batch, before the log commits it."""
        with self.engine.begin() as connection:
            write_outcome(connection, batch, outcome)
