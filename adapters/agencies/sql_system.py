"""An agency's SQL system as a destination: every event applied once, with its effects, in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import partial

import sqlalchemy as sa

from adapters.agencies.acceptance import rejection
from adapters.agencies.agency import Agency
from adapters.agencies.applied_events import (
    APPLIED_EVENTS,
    MACHINERY,
    Place,
    keep,
    not_yet_applied,
    places,
    valid_numbers,
)
from adapters.agencies.order import runs, sift
from adapters.agencies.outage import is_rights_problem, outage, refusal
from adapters.agencies.recompute import recompute
from adapters.agencies.rekeying import rekey
from hub.database import insert_rows
from hub.destination import Event, Receipt, Rejection

#: Any number that only we use: two programs may open an empty PostgreSQL database at the same moment.
_PREPARING = 700_112


def _now() -> datetime:
    return datetime.now(UTC)


class SqlSystem:
    """The `Destination` of one agency over one database. The tables are made on first use."""

    def __init__(self, agency: Agency, engine: sa.Engine, clock: Callable[[], datetime] = _now) -> None:
        self._agency = agency
        self._engine = engine
        self._clock = clock
        self._prepared = False
        # True at first: a process killed after erasing may have left the content in SQLite's journal.
        self._journal_to_clear = engine.dialect.name == "sqlite"

    def deliver(self, events: Sequence[Event]) -> Receipt:
        """Apply events in order, each exactly once however often it comes.

        An event that can't be taken is rejected; so are the same person's later ones in the batch, to keep
        the person's order. Raises `Unavailable` when the database can't be used: nothing is applied then.
        """
        try:
            self._prepare()
            rejected = self._apply(events)
            self._clear_journal()
        except (sa.exc.DBAPIError, sa.exc.TimeoutError) as error:
            if isinstance(error, sa.exc.ProgrammingError) and not is_rights_problem(error):
                raise
            # Not chained: the database's error carries the statement's parameters, which are personal data.
            raise outage(self._agency.name, self._engine.url, error) from None
        return Receipt(rejected)

    def close(self) -> None:
        """Close the database; SQLite then empties its journal."""
        self._engine.dispose()

    def _prepare(self) -> None:
        if self._prepared:
            return
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_PREPARING)))
            MACHINERY.create_all(connection)
            self._agency.metadata.create_all(connection)
        self._prepared = True

    def _apply(self, events: Sequence[Event]) -> Sequence[Rejection]:
        try:
            with self._transaction() as connection:
                return self._apply_together(connection, events)
        except (sa.exc.IntegrityError, sa.exc.DataError):
            with self._transaction() as connection:
                return sift(events, {}, partial(self._apply_alone, connection))[1]

    @contextmanager
    def _transaction(self) -> Iterator[sa.Connection]:
        with self._engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                # One writer at a time, as BEGIN IMMEDIATE has it on SQLite; readers go on. While a table is new, its
                # statistics are of when it was empty: the planner would read all of it, for each person asked about.
                lock = f"LOCK TABLE {APPLIED_EVENTS.name} IN EXCLUSIVE MODE"
                connection.exec_driver_sql(f"SET LOCAL enable_seqscan = off; {lock}")
            yield connection

    def _apply_together(self, connection: sa.Connection, events: Sequence[Event]) -> Sequence[Rejection]:
        fresh = not_yet_applied(connection, events)
        replaced = valid_numbers(connection, {event.subject for event in fresh})
        taken, rejected = sift(fresh, replaced, partial(rejection, self._agency))
        for run in runs(taken):
            self._apply_run(connection, run)
        return rejected

    def _apply_alone(self, connection: sa.Connection, event: Event) -> Rejection | None:
        try:
            with connection.begin_nested():
                return next(iter(self._apply_together(connection, [event])), None)
        except (sa.exc.IntegrityError, sa.exc.DataError) as error:
            return refusal(event.event_id, error)

    def _apply_run(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        homes = places(connection, events)
        keep(connection, events, homes, self._clock().isoformat(timespec="milliseconds"))
        self._list(connection, events, homes)
        logged = self._agency.logs.keys()
        persons = {homes[event.event_id].person for event in events if event.type not in logged}
        persons |= rekey(connection, self._agency, events)
        erased = recompute(connection, self._agency, persons)
        self._journal_to_clear |= erased and connection.dialect.name == "sqlite"

    def _list(self, connection: sa.Connection, events: Sequence[Event], homes: Mapping[str, Place]) -> None:
        for kind, table in self._agency.logs.items():
            fields = [column.name for column in table.c][2:]
            rows = [
                (event.event_id, homes[event.event_id].person, *map(event.data.get, fields))
                for event in events
                if event.type == kind
            ]
            insert_rows(connection, table, rows)

    def _clear_journal(self) -> None:
        """Cut SQLite's journal to nothing, so that what was erased is gone from the disk at once."""
        if not self._journal_to_clear:
            return
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            patience = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute("PRAGMA busy_timeout = 500")
            # A reader in the way is no outage: the next delivery tries again, and closing does it anyway.
            busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {patience:d}")
            cursor.close()
        finally:
            connection.close()
        self._journal_to_clear = bool(busy)
