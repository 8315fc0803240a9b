"""Figures about counters, for metrics: when each device was heard of, what was verified, what is odd."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from hub.database import reading
from hub.edge import tables as t


class Heard(NamedTuple):
    """A device that was not revoked, and when it was last heard of (ms since 1970 UTC), if ever."""

    device_id: str
    site_id: str
    last_seen_at: int | None


class Count(NamedTuple):
    """How often something was reported at a site. It only ever rises."""

    site_id: str
    #: Empty for what was refused.
    purpose: str
    #: A VerificationResult, the code of a failure, `expired`, or `refused:` and the reason.
    outcome: str
    times: int


class Figures(NamedTuple):
    """Everything at one moment. Nobody's person is in it."""

    heard: Sequence[Heard]
    counts: Sequence[Count]
    #: Kind → how many alerts nobody has acknowledged.
    open_alerts: dict[str, int]


def figures(engine: sa.Engine) -> Figures:
    """Return the figures of the database of the deliveries."""
    d, a = t.devices.c, t.alerts.c
    heard = sa.select(d.device_id, d.site_id, d.last_seen_at).where(d.revoked_at.is_(None)).order_by(d.device_id)
    counts = sa.select(t.tallies).order_by(*t.tallies.primary_key.columns)
    alerts = sa.select(a.kind, sa.func.count()).where(a.acknowledged_at.is_(None)).group_by(a.kind).order_by(a.kind)
    with reading(engine) as connection:
        return Figures(
            [Heard(*row) for row in connection.execute(heard)],
            [Count(*row) for row in connection.execute(counts)],
            {row[0]: row[1] for row in connection.execute(alerts)},
        )
