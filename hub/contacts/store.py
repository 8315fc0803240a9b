"""Keeps the contacts. Loops and web requests only note; one small transaction for all agencies follows soon."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence

import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.contacts import rows
from hub.contacts.contact import Contact, Outage, Suspension
from hub.contacts.notes import Asked, Met, Missed, Note, Read, after, together, with_note
from hub.contacts.tables import contacts, outages
from hub.database import reading
from hub.database_errors import plain
from hub.passing import passes

_LOG = logging.getLogger(__name__)
#: Who suspends an agency that wants no more.
HUB = "dancu"


class Contacts:
    """The contacts with all agencies in the database of the deliveries, whose tables are there (`hub.migrations`).

    `reached`, `failed`, `asked_behind` and `read_up_to` may be called as often as wanted by any thread: they note only,
    and never wait for the database. After `every` seconds at most the notes are written; a process that is killed loses
    those.
    """

    def __init__(self, engine: sa.Engine, every: float = 2.0) -> None:
        self._engine = engine
        self._every = every
        self._notes: dict[str, list[Note]] = {}
        self._noting = threading.Lock()
        self._writing = threading.Lock()
        self._timer: threading.Timer | None = None
        self._closed = False

    def reached(self, agency: str, at: int) -> None:
        """Note that the agency answered."""
        self._note(agency, Met(at))

    def failed(self, agency: str, at: int, reason: str, next_try_at: int | None) -> None:
        """Note that the agency did not answer; `reason` has no personal data."""
        self._note(agency, Missed(at, reason, next_try_at))

    def asked_behind(self, agency: str, position: int, at: int) -> None:
        """Note that an agency that fetches has asked for what comes behind a position of its feed."""
        self._note(agency, Asked(at, position))

    def read_up_to(self, agency: str, position: int, at: int) -> None:
        """Note how far an agency is that reads with its own Kafka client. It is in contact when that is new."""
        self._note(agency, Read(at, position))

    def flush(self) -> None:
        """Write what is noted now. Raises what SQLAlchemy raises; then it stays noted."""
        with self._writing:
            with self._noting:
                notes, self._notes, self._timer = self._notes, {}, None
            try:
                if notes:
                    self._write(notes)
            except BaseException:
                with self._noting:
                    self._notes = together(notes, self._notes)
                raise

    def close(self) -> None:
        """Write what is noted, if that is possible, and note nothing any more."""
        with self._noting:
            self._closed = True
            if self._timer is not None:
                self._timer.cancel()
        self._flush_soon()

    def suspend(self, agency: str, why: Suspension) -> bool:
        """Let nothing be handed out to an agency any more. Return False when that is so already."""
        values = {"suspended_at": why.at, "suspended_by": why.by, "suspended_reason": why.reason}
        with self._engine.begin() as connection:
            rows.make_rows(connection, [agency])
            mine = sa.and_(contacts.c.agency == agency, contacts.c.suspended_at.is_(None))
            if connection.execute(sa.update(contacts).where(mine).values(values)).rowcount == 0:
                return False
            write_entry(connection, Entry(why.at, why.by, "agency.suspended", agency, why.reason, {}))
        return True

    def resume(self, agency: str, why: Suspension) -> bool:
        """Let everything be handed out again; it is tried at once. Return False when it was not suspended."""
        values = {"suspended_at": None, "suspended_by": None, "suspended_reason": None, "next_try_at": None}
        with self._engine.begin() as connection:
            mine = sa.and_(contacts.c.agency == agency, contacts.c.suspended_at.is_not(None))
            if connection.execute(sa.update(contacts).where(mine).values(values)).rowcount == 0:
                return False
            write_entry(connection, Entry(why.at, why.by, "agency.resumed", agency, why.reason, {}))
        return True

    def of(self, agency: str) -> Contact:
        """Return what is known of one agency, as it is written."""
        return self.all().get(agency, Contact(agency))

    def all(self) -> Mapping[str, Contact]:
        """Return what is known of every agency that was ever in contact, as it is written."""
        with reading(self._engine) as connection:
            return {row.agency: rows.contact_of(row) for row in connection.execute(sa.select(contacts))}

    def suspended(self) -> Mapping[str, Suspension]:
        """Return the agencies that are suspended now."""
        query = sa.select(contacts).where(contacts.c.suspended_at.is_not(None))
        with reading(self._engine) as connection:
            found = [rows.contact_of(row) for row in connection.execute(query)]
        return {one.agency: one.suspended for one in found if one.suspended}

    def outages(self, agency: str, limit: int = 10) -> Sequence[Outage]:
        """Return the last outages of an agency, the newest first."""
        c = outages.c
        query = sa.select(c.began_at, c.ended_at, c.attempts, c.reason).where(c.agency == agency)
        with reading(self._engine) as connection:
            rows_ = connection.execute(query.order_by(c.began_at.desc()).limit(limit))
            return [Outage(began, ended, attempts, reason or "") for began, ended, attempts, reason in rows_]

    def _note(self, agency: str, note: Note) -> None:
        with self._noting:
            self._notes[agency] = with_note(self._notes.get(agency, []), note)
            if self._timer is None and not self._closed:
                self._timer = threading.Timer(self._every, self._flush_soon)
                self._timer.daemon = True
                self._timer.start()

    def _flush_soon(self) -> None:
        try:
            self.flush()
        except Exception as error:
            if not passes(error):  # else it is written with the next note
                words = plain(error) if isinstance(error, sa.exc.DBAPIError) else str(error)
                _LOG.warning("contacts with agencies can't be noted: %s", words)

    def _write(self, notes: Mapping[str, list[Note]]) -> None:
        with self._engine.begin() as connection:
            rows.make_rows(connection, sorted(notes))
            known = rows.locked(connection, sorted(notes))
            for agency in sorted(notes):
                before = known[agency]
                for one in after(before, notes[agency]):
                    rows.follow_outage(connection, before, one)
                    before = one
                rows.change(connection, before)
