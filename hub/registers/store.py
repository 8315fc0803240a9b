"""The registers as the pipeline uses them: see the past as of a batch, then remember what was decided."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from hub.eventlog import Batch, PositionMoved, partition_of, start_of
from hub.outcome import Outcome
from hub.registers import tables as t
from hub.registers.forget import forget_after
from hub.registers.given import given_meanwhile
from hub.registers.past import Past
from hub.registers.remember import write_outcome


class RegistersBehind(Exception):
    """The registers don't know events that the log has decided about. Says what to do."""


class Registers:
    """The registers in one SQL database. Safe in several threads and processes; one decides about a partition."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], float] = time.time) -> None:
        """Use a database opened by `hub.database.open_database`, whose tables are there (`hub.migrations`).

        `clock` gives seconds since 1970 UTC; it only says in the story of an event when it was decided about.
        """
        self.engine = engine
        self._clock = clock

    @contextmanager
    def as_of(self, position: int, committed: Callable[[], int]) -> Iterator[Past]:
        """See the past up to a position of a partition of `received`.

        What was remembered beyond it was never committed: forgotten.

        `committed` asks the log how far it is now. Raises `PositionMoved` when another worker has gone on from there,
        and `RegistersBehind` when events are missing here that the log has decided about.
        """
        with self.engine.begin() as connection:
            remembered = _progress(connection, partition_of(position))
            if remembered != position and committed() != position:
                raise PositionMoved(f"the registers stand at {remembered}: another worker has gone on from {position}")
            if remembered < position:
                raise RegistersBehind(
                    f"the registers know events up to {remembered}, the log has decided up to {position}: "
                    "they are not of the same time; stop dancu and restore both from one copy"
                )
            if remembered > position:
                forget_after(connection, position)
            yield Past(connection, partition_of(position))

    def remember(self, batch: Batch, outcome: Outcome, past: Past) -> None:
        """Write down what was decided about a batch, before the log commits it. `past` is what it was decided by.

        Raises `PositionMoved`, also when an agency was given data meanwhile (by a snapshot) that the batch annuls.
        """
        try:
            with self.engine.begin() as connection:
                if _progress(connection, batch.partition) != batch.after:
                    raise PositionMoved(f"another worker has gone on from {batch.after}")
                if given_meanwhile(connection, past):
                    raise PositionMoved("an agency was given a snapshot meanwhile, with data that is annulled here")
                write_outcome(connection, batch, outcome, int(self._clock() * 1000))
        except sa.exc.IntegrityError as clash:
            if self.engine.dialect.name == "sqlite":  # one writer at a time: then it is a bug
                raise
            raise PositionMoved("another worker has met one of these events at the same moment") from clash


_p = t.progress.c
_PROGRESS = sa.select(_p.position).where(_p.partition == sa.bindparam("here")).with_for_update()


def _progress(connection: sa.Connection, partition: int) -> int:
    found = connection.scalar(_PROGRESS, {"here": partition})
    return start_of(partition) if found is None else found
