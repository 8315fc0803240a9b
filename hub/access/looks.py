"""What one session in the console may see for some minutes. Every process that serves the console knows of it.

Whom a look is at can be read only with its id, which the browser has: here is its hash, and what it seals.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from typing import Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.access.digest import digest_of
from hub.access.tables import looks as t
from hub.database import reading

#: Bytes that can be sealed: what one HMAC gives.
_LONGEST: Final = 32


class Look(NamedTuple):
    """What an id stands for, until a time in ms since 1970 UTC."""

    value: str
    until: int

    def __repr__(self) -> str:
        return "Look(…)"


class Looks:
    """The looks in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def allow(self, session: str, what: str, now: int, until: int) -> None:
        """Let a session see something that has a public name, until a time (ms since 1970 UTC)."""
        self._put(_key("allowed", session, what), None, now, until)

    def allowed(self, session: str, what: str, now: int) -> int | None:
        """Return until when a session may see it; None: it may not."""
        row = self._get(_key("allowed", session, what), now)
        return None if row is None else int(row.until)

    def forbid(self, session: str, what: str) -> None:
        """Let a session see it no more."""
        self._end(_key("allowed", session, what))

    def keep(self, session: str, value: str, now: int, until: int) -> str:
        """Keep something for a session that must stand nowhere, of at most 32 bytes; return the id that opens it."""
        identity = secrets.token_urlsafe(24)
        self._put(_key("kept", session, identity), _masked(identity, value.encode()).hex(), now, until)
        return identity

    def kept(self, session: str, identity: str, now: int) -> Look | None:
        """Return what was kept; None when it has ended, or is another session's."""
        row = self._get(_key("kept", session, identity), now)
        if row is None or row.sealed is None:
            return None
        return Look(_masked(identity, bytes.fromhex(row.sealed)).decode(), row.until)

    def drop(self, session: str, identity: str) -> None:
        """Keep it no more."""
        self._end(_key("kept", session, identity))

    def _put(self, key: str, sealed: str | None, now: int, until: int) -> None:
        """What has ended is forgotten meanwhile."""
        with self._engine.begin() as connection:
            connection.execute(sa.delete(t).where(t.c.until <= now))
            insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t)
            row = insert.values(key=key, sealed=sealed, until=until)
            connection.execute(row.on_conflict_do_update(index_elements=["key"], set_={"until": until}))

    def _get(self, key: str, now: int) -> sa.Row[tuple[str, str | None, int]] | None:
        with reading(self._engine) as connection:
            return connection.execute(sa.select(t).where(t.c.key == key, t.c.until > now)).one_or_none()

    def _end(self, key: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(sa.delete(t).where(t.c.key == key))


def _key(kind: str, session: str, what: str) -> str:
    return digest_of("\n".join((kind, session, what)))


def _masked(identity: str, content: bytes) -> bytes:
    """Seal or open: each id is random and seals one text only."""
    if len(content) > _LONGEST:
        raise ValueError("too long to be sealed")
    pad = hmac.digest(identity.encode(), b"dancu-console-look", hashlib.sha256)
    return bytes(one ^ other for one, other in zip(content, pad, strict=False))
