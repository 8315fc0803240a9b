"""Alerts: raised once for each cause, kept, listed, and acknowledged with a reason by somebody who has looked."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from hub.audit import Entry, write_entry
from hub.database import reading
from hub.edge.tables import alerts as t


class Kind(StrEnum):
    """What is odd."""

    #: The card of a person who had died was used.
    DECEASED = "deceased_card_used"
    #: A card that was reported lost was used.
    LOST = "lost_card_used"
    #: The same person's card was used in two provinces within minutes.
    TWO_SITES = "two_sites"
    #: Nothing was heard of a device for long.
    SILENT = "device_silent"
    #: Events of a device are missing.
    GAP = "sequence_gap"
    #: A device sent a second event in a place that was taken: it was copied, or put back from a backup.
    REGRESSION = "sequence_regression"
    #: A device's event names another one before it than the hub has.
    BROKEN = "chain_broken"
    #: A device used the id of another event.
    REPLAY = "replay"
    #: A device gave up events that had grown too old.
    EXPIRED = "events_expired"


class Alert(NamedTuple):
    """Something that somebody should look at."""

    kind: Kind
    device_id: str
    site_id: str
    #: Milliseconds since 1970 UTC.
    raised_at: int
    #: What makes it the same alert when it is raised again.
    about: Sequence[str | int]
    #: The verification that it is about, if it is about one.
    event_id: str | None = None
    #: Further facts, without personal data.
    detail: Mapping[str, Any] = {}

    @property
    def id(self) -> str:
        """The same for the same cause."""
        return hashlib.sha256(orjson.dumps([self.kind, *self.about])).hexdigest()[:16]


class Acknowledged(NamedTuple):
    """Who has looked, when (ms since 1970 UTC) and what came of it."""

    at: int
    by: str
    reason: str


class Raised(NamedTuple):
    """An alert as it is kept."""

    id: str
    kind: str
    raised_at: int
    device_id: str
    site_id: str
    event_id: str | None
    detail: Mapping[str, Any]
    acknowledged: Acknowledged | None


def raise_alerts(connection: sa.Connection, found: Iterable[Alert]) -> None:
    """Keep alerts, in the transaction of what they tell about. One that was raised before stays as it is."""
    rows = {
        one.id: {
            "id": one.id,
            "kind": one.kind.value,
            "raised_at": one.raised_at,
            "device_id": one.device_id,
            "site_id": one.site_id,
            "event_id": one.event_id,
            "detail": orjson.dumps(one.detail, option=orjson.OPT_SORT_KEYS).decode(),
        }
        for one in found
    }
    if rows:
        insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(t)
        connection.execute(insert.on_conflict_do_nothing(), [rows[identity] for identity in sorted(rows)])


def explain_gaps(connection: sa.Connection, device_id: str, ranges: Sequence[tuple[int, int]], now: int) -> None:
    """Acknowledge the gaps of a device that lie in ranges of which it says that they grew too old."""
    open_gaps = sa.select(t.c.id, t.c.detail).where(
        t.c.device_id == device_id, t.c.kind == Kind.GAP.value, t.c.acknowledged_at.is_(None)
    )
    for identity, detail in connection.execute(open_gaps).all():
        gap = orjson.loads(detail)
        if any(first <= gap["first"] and gap["last"] <= last for first, last in ranges):
            done = {"acknowledged_at": now, "acknowledged_by": device_id, "acknowledged_reason": "they grew too old"}
            connection.execute(sa.update(t).where(t.c.id == identity).values(done))


class Alerts:
    """The alerts in the database of the deliveries."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def every(self, *, also_acknowledged: bool = False, limit: int = 1000) -> Sequence[Raised]:
        """Return the alerts, the newest first: those that nobody has acknowledged, or all."""
        query = sa.select(t).order_by(t.c.raised_at.desc(), t.c.id).limit(limit)
        if not also_acknowledged:
            query = query.where(t.c.acknowledged_at.is_(None))
        with reading(self._engine) as connection:
            return [_raised(row) for row in connection.execute(query)]

    def acknowledge(self, identity: str, by: str, reason: str, now: int) -> bool:
        """Note that somebody has looked. Return False when no such alert is open."""
        mine = sa.and_(t.c.id == identity, t.c.acknowledged_at.is_(None))
        values = {"acknowledged_at": now, "acknowledged_by": by, "acknowledged_reason": reason}
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(t.c.kind, t.c.device_id).where(mine)).one_or_none()
            if row is None or not connection.execute(sa.update(t).where(mine).values(values)).rowcount:
                return False
            detail = {"alert": identity, "kind": row.kind}
            write_entry(connection, Entry(now, by, "edge.alert_acknowledged", row.device_id, reason, detail))
        return True


def _raised(row: sa.Row[Any]) -> Raised:
    done = None
    if row.acknowledged_at is not None:
        done = Acknowledged(row.acknowledged_at, row.acknowledged_by, row.acknowledged_reason)
    detail = orjson.loads(row.detail)
    return Raised(row.id, row.kind, row.raised_at, row.device_id, row.site_id, row.event_id, detail, done)
