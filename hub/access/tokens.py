"""Bearer tokens. A token is shown once; only its hash is kept. Old and new may overlap, for rotation."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import sqlalchemy as sa

from hub.access.digest import digest_of
from hub.access.tables import tokens
from hub.audit import Entry, write_entry
from hub.database import reading, take_turns

AGENCY: Final = "agency"
OPERATOR: Final = "operator"
#: What an operator may do, the least first: look; plan and run; also approve what others planned; look at the audit.
ROLES: Final = ("viewer", "operator", "approver", "auditor")

#: The number of our advisory lock in PostgreSQL.
_TURN: Final = 7_310_003

_FORM = re.compile(r"dancu_(?P<id>[0-9a-f]{12})_[A-Za-z0-9_-]{43}")


class Holder(NamedTuple):
    """Whose token it is."""

    kind: str
    name: str
    role: str | None


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token that was given out. Times are milliseconds since 1970 UTC."""

    id: str
    holder: Holder
    created_at: int
    created_by: str
    expires_at: int | None
    revoked_at: int | None
    digest: str = field(repr=False)

    def valid(self, now: int) -> bool:
        """Whether it opens anything at this time."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Tokens:
    """The tokens in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def new(self, holder: Holder, by: str, now: int, old_until: int | None = None) -> str:
        """Return a new token for a holder. With `old_until` the holder's other tokens end then, at the latest."""
        identity = secrets.token_hex(6)
        text = f"dancu_{identity}_{secrets.token_urlsafe(32)}"
        row = {
            "id": identity,
            "kind": holder.kind,
            "holder": holder.name,
            "role": holder.role,
            "hash": digest_of(text),
            "created_at": now,
            "created_by": by,
            "expires_at": None,
            "revoked_at": None,
        }
        with self._engine.begin() as connection:
            take_turns(connection, _TURN)  # of two new tokens at once, the second ends the first too
            if old_until is not None:
                _end_others(connection, holder, old_until)
            connection.execute(sa.insert(tokens), row)
            detail = {"token": identity, "kind": holder.kind, "role": holder.role, "others_end": old_until}
            write_entry(connection, Entry(now, by, "token.created", holder.name, None, detail))
        return text

    def holder_of(self, text: str, now: int) -> Holder | None:
        """Return whose valid token this is, or None."""
        token = self.token_of(text, now)
        return None if token is None else token.holder

    def token_of(self, text: str, now: int) -> Token | None:
        """Return what is known of this token if it is valid, or None."""
        found = _FORM.fullmatch(text)
        if found is None:
            return None
        with reading(self._engine) as connection:
            row = connection.execute(sa.select(tokens).where(tokens.c.id == found["id"])).one_or_none()
        token = _token_of(row) if row is not None else None
        same = hmac.compare_digest(token.digest if token else "", digest_of(text))
        return token if token is not None and same and token.valid(now) else None

    def every(self, kind: str, name: str | None = None) -> Sequence[Token]:
        """Return all tokens of a kind, of one holder or of all, the oldest first."""
        query = sa.select(tokens).where(tokens.c.kind == kind).order_by(tokens.c.created_at, tokens.c.id)
        if name is not None:
            query = query.where(tokens.c.holder == name)
        with reading(self._engine) as connection:
            return [_token_of(row) for row in connection.execute(query)]

    def revoke(self, identity: str, by: str, reason: str, now: int, kind: str | None = None) -> bool:
        """End a token at once. Return False when there is none of this id (and kind) that was not revoked before."""
        mine = sa.and_(tokens.c.id == identity, tokens.c.revoked_at.is_(None))
        if kind is not None:
            mine = sa.and_(mine, tokens.c.kind == kind)
        with self._engine.begin() as connection:
            holder = connection.scalars(sa.select(tokens.c.holder).where(mine)).one_or_none()
            if holder is None or not connection.execute(sa.update(tokens).where(mine).values(revoked_at=now)).rowcount:
                return False
            write_entry(connection, Entry(now, by, "token.revoked", holder, reason, {"token": identity}))
        return True


def _end_others(connection: sa.Connection, holder: Holder, until: int) -> None:
    c = tokens.c
    later = sa.or_(c.expires_at.is_(None), c.expires_at > until)
    mine = sa.and_(c.kind == holder.kind, c.holder == holder.name, c.revoked_at.is_(None), later)
    connection.execute(sa.update(tokens).where(mine).values(expires_at=until))


def _token_of(row: sa.Row[tuple[object, ...]]) -> Token:
    r = row._mapping
    holder = Holder(r["kind"], r["holder"], r["role"])
    return Token(r["id"], holder, r["created_at"], r["created_by"], r["expires_at"], r["revoked_at"], r["hash"])
