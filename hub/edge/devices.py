"""The devices at counters: admitted with a code, known by their keys, revoked by an operator."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.database import reading
from hub.edge import tables as t
from hub.edge.codes import Code, find_code, use_code
from hub.edge.device import Device, device_in, device_of, is_device, key_in, keys_in
from hub.edge.keys import Key, kid_of

#: The longest name of a device.
_LONGEST_NAME = 100


class NotAdmitted(Exception):
    """A device may not come in, or may not change its key. `code` is stable, the text is for people."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


class Rotation(NamedTuple):
    """A device's wish to sign with another key, from a sequence on. The old key has signed it."""

    device_id: str
    old_kid: str
    x: str
    sequence: int


class Devices:
    """The devices in the database of the deliveries, whose tables are there (`hub.migrations`)."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def enrol(self, code: str, x: str, name: str, now: int) -> Device:
        """Admit the device that has this public key. Raises `NotAdmitted`, and `BadKey`.

        The same code with the same key again gives the same device: its answer may have been lost.
        """
        kid = kid_of(x)
        with self._engine.begin() as connection:
            found = find_code(connection, code)
            if found is None:
                raise NotAdmitted("code_unknown", "the code is not known")
            if found.device_id is not None:
                device = device_in(connection, found.device_id)
                if device is None or key_in(connection, kid) is None or device.kid != kid or device.revoked:
                    raise NotAdmitted("code_used", "the code was used before")
                return device
            if found.expires_at <= now:
                raise NotAdmitted("code_expired", "the code has expired")
            return _admit(connection, found, Key(kid, f"edge-{secrets.token_hex(5)}", x, 1, None), name, now)

    def rotate(self, wish: Rotation, now: int) -> Device:
        """Give a device its next key; the one before signs only what is below. Raises `NotAdmitted`, and `BadKey`.

        The same wish again, when the answer was lost, changes nothing.
        """
        kid = kid_of(wish.x)
        with self._engine.begin() as connection:
            device = device_in(connection, wish.device_id, locked=True)
            if device is None or device.revoked:
                raise NotAdmitted("revoked", "the device is not known, or was revoked")
            if device.kid == kid and (done := key_in(connection, kid)) and done.first == wish.sequence:
                return device
            old = key_in(connection, device.kid)
            if device.kid != wish.old_kid or old is None:
                raise NotAdmitted("key_ended", "another key signs for this device now")
            if wish.sequence <= device.last_sequence or wish.sequence < old.first:
                raise NotAdmitted("sequence_regression", "events with this sequence were taken before")
            _need_new(connection, kid)
            ended = sa.update(t.keys).where(t.keys.c.kid == old.kid)
            connection.execute(ended.values(until_sequence=wish.sequence, ended_at=now))
            new = Key(kid, device.device_id, wish.x, wish.sequence, None)
            connection.execute(sa.insert(t.keys), _key_row(new, now, old.kid))
            connection.execute(sa.update(t.devices).where(is_device(device.device_id)).values(kid=kid))
            detail = {"old": old.kid, "new": kid, "from_sequence": wish.sequence}
            write_entry(connection, Entry(now, device.device_id, "edge.key_rotated", device.device_id, None, detail))
            return _required(connection, device.device_id)

    def revoke(self, device_id: str, by: str, reason: str, now: int) -> bool:
        """End a device at once; it can't come back. Return False when there is none that was not revoked before."""
        mine = sa.and_(is_device(device_id), t.devices.c.revoked_at.is_(None))
        values = {"revoked_at": now, "revoked_by": by, "revoked_reason": reason}
        with self._engine.begin() as connection:
            if not connection.execute(sa.update(t.devices).where(mine).values(values)).rowcount:
                return False
            keys = sa.and_(t.keys.c.device_id == device_id, t.keys.c.ended_at.is_(None))
            connection.execute(sa.update(t.keys).where(keys).values(ended_at=now))
            write_entry(connection, Entry(now, by, "edge.revoked", device_id, reason, {}))
        return True

    def every(self, site_id: str | None = None) -> Sequence[Device]:
        """Return all devices, of one site or of all, the oldest first."""
        query = sa.select(t.devices).order_by(t.devices.c.enrolled_at, t.devices.c.device_id)
        if site_id is not None:
            query = query.where(t.devices.c.site_id == site_id)
        with reading(self._engine) as connection:
            return [device_of(row) for row in connection.execute(query)]

    def get(self, device_id: str) -> Device | None:
        """Return a device, or None."""
        with reading(self._engine) as connection:
            return device_in(connection, device_id)

    def keys(self, kids: Iterable[str]) -> dict[str, Key]:
        """Return those of the keys that some device has or had."""
        with reading(self._engine) as connection:
            return keys_in(connection, kids)


def _admit(connection: sa.Connection, code: Code, key: Key, name: str, now: int) -> Device:
    """Make a device of whoever has a good code."""
    _need_new(connection, key.kid)
    grant, device_id = code.grant, key.device_id
    row = {
        "device_id": device_id,
        "name": name[:_LONGEST_NAME],
        "site_id": grant.site_id,
        "province": grant.province,
        "purposes": orjson.dumps(grant.purposes).decode(),
        "enrolled_at": now,
        "kid": key.kid,
    }
    connection.execute(sa.insert(t.devices), row)
    connection.execute(sa.insert(t.keys), _key_row(key, now, None))
    use_code(connection, code, device_id, now)
    detail = {"code": code.id, "kid": key.kid, "site": grant.site_id, "purposes": grant.purposes}
    write_entry(connection, Entry(now, device_id, "edge.enrolled", device_id, None, detail))
    return _required(connection, device_id)


def _need_new(connection: sa.Connection, kid: str) -> None:
    if key_in(connection, kid) is not None:
        raise NotAdmitted("key_known", "a device has, or had, this key: make a new one")


def _required(connection: sa.Connection, device_id: str) -> Device:
    device = device_in(connection, device_id)
    if device is None:
        raise LookupError(device_id)
    return device


def _key_row(key: Key, now: int, before: str | None) -> dict[str, Any]:
    return {
        "kid": key.kid,
        "device_id": key.device_id,
        "x": key.x,
        "from_sequence": key.first,
        "created_at": now,
        "before": before,
    }
