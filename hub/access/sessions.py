"""Sessions of operators in the console: what a browser shows instead of a token. Only hashes are kept."""

from __future__ import annotations

import secrets
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
        alive = sa.or_(t.c.token_id.is_(None), _valid(now))
        query = sa.select(t).outerjoin(tokens, tokens.c.id == t.c.token_id)
        query = query.where(t.c.hash == digest_of(text), _lasts(now), alive)
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        if used and now - row.seen_at > _NOTED:
            with self._engine.begin() as connection:
                connection.execute(sa.update(t).where(t.c.hash == row.hash).values(seen_at=now))
        return Session(Holder(OPERATOR, row.holder, row.role), row.csrf, row.token_id)

    def close(self, text: str, now: int) -> None:
        """End a session, if there is one."""
        with self._engine.begin() as connection:
            mine = t.c.hash == digest_of(text)
            holder = connection.scalars(sa.select(t.c.holder).where(mine)).one_or_none()
            if holder is not None:
                connection.execute(sa.delete(t).where(mine))
                write_entry(connection, Entry(now, holder, "session.closed", holder, None, {}))


def _lasts(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(t.c.created_at > now - LONGEST, t.c.seen_at > now - IDLE)


def _valid(now: int) -> sa.ColumnElement[bool]:
    c = tokens.c
    return sa.and_(c.id.is_not(None), c.revoked_at.is_(None), sa.or_(c.expires_at.is_(None), c.expires_at > now))
