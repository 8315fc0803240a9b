"""One device at a counter, and its keys, as a transaction sees them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa

from hub.database import among
from hub.edge import tables as t
from hub.edge.keys import Key


class Revoked(NamedTuple):
    """When a device was revoked (ms since 1970 UTC), by whom and why."""

    at: int
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Device:
    """What is known of a device. Times are milliseconds since 1970 UTC."""

    device_id: str
    name: str
    site_id: str
    #: Today's code of the province (VN34), or None.
    province: str | None
    purposes: Sequence[str]
    enrolled_at: int
    kid: str
    last_sequence: int
    last_digest: str | None
    last_seen_at: int | None
    clock: str | None
    missing: int
    refused: int
    revoked: Revoked | None


def device_in(connection: sa.Connection, device_id: str, *, locked: bool = False) -> Device | None:
    """Return a device as a transaction sees it; `locked`: nobody else changes it until the end."""
    query = sa.select(t.devices).where(is_device(device_id))
    row = connection.execute(query.with_for_update() if locked else query).one_or_none()
    return None if row is None else device_of(row)


def keys_in(connection: sa.Connection, kids: Iterable[str]) -> dict[str, Key]:
    """Return those of the keys that some device has or had, as a transaction sees them."""
    found = connection.execute(sa.select(t.keys).where(among(t.keys.c.kid, set(kids))))
    return {row.kid: _key(row) for row in found}


def key_in(connection: sa.Connection, kid: str) -> Key | None:
    """Return a key as a transaction sees it."""
    row = connection.execute(sa.select(t.keys).where(t.keys.c.kid == kid)).one_or_none()
    return None if row is None else _key(row)


def is_device(device_id: str) -> sa.ColumnElement[bool]:
    """Return the condition that a row is this device's."""
    return t.devices.c.device_id == device_id


def _key(row: sa.Row[Any]) -> Key:
    return Key(row.kid, row.device_id, row.x, row.from_sequence, row.until_sequence)


def device_of(row: sa.Row[Any]) -> Device:
    """Return the device of a row."""
    revoked = Revoked(row.revoked_at, row.revoked_by, row.revoked_reason) if row.revoked_at is not None else None
    return Device(
        row.device_id,
        row.name,
        row.site_id,
        row.province,
        orjson.loads(row.purposes),
        row.enrolled_at,
        row.kid,
        row.last_sequence,
        row.last_digest,
        row.last_seen_at,
        row.clock,
        row.missing,
        row.refused,
        revoked,
    )
