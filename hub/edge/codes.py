"""One-time codes with which devices are admitted. A code is shown once; only its hash is kept."""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.access.digest import digest_of
from hub.audit import Entry, write_entry
from hub.edge.purposes import PURPOSES
from hub.edge.tables import codes

#: Crockford's letters: none is taken for another when somebody reads them out.
_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
#: Groups of five: two name the code (50 bits), four are its secret (100 bits).
_GROUP, _NAMED, _GROUPS = 5, 2, 6
_SITE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
#: The longest that a code may be good for, in milliseconds: a week.
LONGEST: Final = 7 * 86_400_000


class BadGrant(ValueError):
    """A code can't be made for this. Says why."""


class Grant(NamedTuple):
    """What a device is admitted to."""

    site_id: str
    #: Today's code of the province (VN34), or None.
    province: str | None
    purposes: Sequence[str]

    def check(self) -> Grant:
        """Return it when it can be. Raises `BadGrant`."""
        if not _SITE.fullmatch(self.site_id):
            raise BadGrant("a site has letters, digits, `.`, `_` and `-`, at most 64, a letter or digit first")
        unknown = [name for name in self.purposes if name not in PURPOSES]
        if unknown or not self.purposes:
            raise BadGrant(f"purposes are {', '.join(PURPOSES)}; at least one")
        return self._replace(purposes=sorted(set(self.purposes)))


class Code(NamedTuple):
    """A code as it is kept."""

    id: str
    grant: Grant
    expires_at: int
    used_at: int | None
    device_id: str | None


def new_code(engine: sa.Engine, grant: Grant, why: tuple[str, str], now: int, valid: int) -> str:
    """Make a code for one device, good for `valid` milliseconds; return it, for the one time that it is shown.

    `why`: who makes it, and the reason. Raises `BadGrant`.
    """
    grant, (by, reason) = grant.check(), why
    if not 0 < valid <= LONGEST:
        raise BadGrant("a code is good for a week at most")
    text = "".join(secrets.choice(_LETTERS) for _ in range(_GROUP * _GROUPS))
    identity = text[: _GROUP * _NAMED]
    row = {
        "id": identity,
        "hash": digest_of(text),
        "site_id": grant.site_id,
        "province": grant.province,
        "purposes": orjson.dumps(grant.purposes).decode(),
        "created_at": now,
        "created_by": by,
        "reason": reason,
        "expires_at": now + valid,
    }
    detail = {"code": identity, "province": grant.province, "purposes": grant.purposes, "expires_at": now + valid}
    with engine.begin() as connection:
        connection.execute(sa.insert(codes), row)
        write_entry(connection, Entry(now, by, "edge.code_created", grant.site_id, reason, detail))
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def find_code(connection: sa.Connection, said: str) -> Code | None:
    """Return the code that somebody typed, locked until the transaction ends; None for one that never was."""
    text = re.sub(r"[\s-]", "", said).upper().translate(str.maketrans("OIL", "011"))
    if len(text) != _GROUP * _GROUPS or not set(text) <= set(_LETTERS):
        return None
    query = sa.select(codes).where(codes.c.id == text[: _GROUP * _NAMED]).with_for_update()
    row = connection.execute(query).one_or_none()
    same = hmac.compare_digest(row.hash if row is not None else "", digest_of(text))
    if row is None or not same:
        return None
    grant = Grant(row.site_id, row.province, orjson.loads(row.purposes))
    return Code(row.id, grant, row.expires_at, row.used_at, row.device_id)


def use_code(connection: sa.Connection, code: Code, device_id: str, now: int) -> None:
    """Note for which device a code was used."""
    connection.execute(sa.update(codes).where(codes.c.id == code.id).values(used_at=now, device_id=device_id))
