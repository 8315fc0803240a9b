"""Sessions of operators in the console: what a browser shows instead of a token. Only hashes are kept."""

from __future__ import annotations

import secrets
import threading
from typing import Final, NamedTuple

import sqlalchemy as sa

from hub.access.digest import digest_of
from hub.access.tables import sessions as t
from hub.access.tables import tokens
from hub.access.tokens import OPERATOR, Holder
from hub.audit import Entry, write_entry
from hub.database import reading

#: Milliseconds that a session lasts, and that it lasts unused.
LONGEST: Final = 12 * 3_600_000
IDLE: Final = 60 * 60_000
#: Milliseconds after which it is written down that a session is still used: not at every page.
_NOTED: Final = 60_000
#: Milliseconds for which `lately` believes what was looked up, and how many sessions are kept in mind for it.
LATELY: Final = 10_000
_MOST: Final = 10_000


class Session(NamedTuple):
    """A session that holds."""

    holder: Holder
    #: What its forms must bring.
    csrf: str
    #: Of the token that it was opened with, if it was opened with one.
    token_id: str | None


class Sessions:
    """The sessions in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        #: Hash → the session, and when it was looked up.
        self._known: dict[str, tuple[Session, int]] = {}
        self._lock = threading.Lock()

    def open(self, holder: Holder, token_id: str | None, now: int) -> str:
        """Open a session of an operator; return what the browser keeps. It ends with the token, if there is one.

        Sessions that have ended are forgotten meanwhile.
        """
        text, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        row = {
            "hash": digest_of(text),
            "token_id": token_id,
            "holder": holder.name,
            "role": holder.role,
            "csrf": csrf,
            "created_at": now,
            "seen_at": now,
        }
        with self._engine.begin() as connection:
            connection.execute(sa.delete(t).where(sa.not_(_lasts(now))))
            connection.execute(sa.insert(t), row)
            detail = {"role": holder.role, "token": token_id}
            write_entry(connection, Entry(now, holder.name, "session.opened", holder.name, None, detail))
        return text

    def of(self, text: str, now: int, *, used: bool = True) -> Session | None:
        """Return the session of this text while it holds, or None. `used`: somebody is there, it is no timer's work."""
        digest = digest_of(text)
        alive = sa.or_(t.c.token_id.is_(None), _valid(now))
        query = sa.select(t).outerjoin(tokens, tokens.c.id == t.c.token_id)
        query = query.where(t.c.hash == digest, _lasts(now), alive)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            self._forget(digest)
            return None
        if used and now - row.seen_at > _NOTED:
            with self._engine.begin() as connection:
                connection.execute(sa.update(t).where(t.c.hash == digest).values(seen_at=now))
        found = Session(Holder(OPERATOR, row.holder, row.role), row.csrf, row.token_id)
        with self._lock:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[digest] = found, now
        return found

    def lately(self, text: str, now: int) -> Session | None:
        """Return the session if it held when it was looked up here, at most ten seconds ago; never asks the database.

        For what pages fetch by a timer and nothing secret stands in: an end that came from elsewhere is seen that late.
        """
        known = self._known.get(digest_of(text))
        return known[0] if known is not None and 0 <= now - known[1] < LATELY else None

    def close(self, text: str, now: int) -> None:
        """End a session, if there is one."""
        digest = digest_of(text)
        self._forget(digest)
        with self._engine.begin() as connection:
            mine = t.c.hash == digest
            holder = connection.scalars(sa.select(t.c.holder).where(mine)).one_or_none()
            if holder is not None:
                connection.execute(sa.delete(t).where(mine))
                write_entry(connection, Entry(now, holder, "session.closed", holder, None, {}))
        self._forget(digest)  # somebody may have looked it up meanwhile

    def _forget(self, digest: str) -> None:
        with self._lock:
            self._known.pop(digest, None)


def _lasts(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(t.c.created_at > now - LONGEST, t.c.seen_at > now - IDLE)


def _valid(now: int) -> sa.ColumnElement[bool]:
    c = tokens.c
    return sa.and_(c.id.is_not(None), c.revoked_at.is_(None), sa.or_(c.expires_at.is_(None), c.expires_at > now))
