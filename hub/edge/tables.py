"""The tables of devices at counters and of what they report. No personal number is in them. Times: ms since 1970."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

#: One row per one-time code that was ever given out.
codes = sa.Table(
    "edge_codes",
    metadata,
    #: The public part of the code: finds it.
    sa.Column("id", sa.Text, primary_key=True),
    #: SHA-256 of the whole code, in hexadecimal.
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("site_id", sa.Text, nullable=False),
    #: Today's code of the site's province (VN34), for the rule of distant sites.
    sa.Column("province", sa.Text),
    #: JSON: a list of names.
    sa.Column("purposes", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("used_at", sa.BigInteger),
    sa.Column("device_id", sa.Text),
)

#: One row per device that was ever enrolled.
devices = sa.Table(
    "edge_devices",
    metadata,
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("site_id", sa.Text, nullable=False, index=True),
    sa.Column("province", sa.Text),
    sa.Column("purposes", sa.Text, nullable=False),
    sa.Column("enrolled_at", sa.BigInteger, nullable=False),
    #: The key that signs new events.
    sa.Column("kid", sa.Text, nullable=False),
    #: The last sequence that was met, and the digest of that event: the next one names it.
    sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("last_digest", sa.Text),
    sa.Column("last_seen_at", sa.BigInteger),
    #: What the device said last of its clock: synced, unsynced or unknown.
    sa.Column("clock", sa.Text),
    #: How many sequences were never met, and how many events were refused.
    sa.Column("missing", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Column("revoked_by", sa.Text),
    sa.Column("revoked_reason", sa.Text),
)

#: One row per key of a device: it signs the sequences from one up to, and without, the other.
keys = sa.Table(
    "edge_keys",
    metadata,
    #: RFC 7638 thumbprint of the public key.
    sa.Column("kid", sa.Text, primary_key=True),
    sa.Column("device_id", sa.Text, nullable=False, index=True),
    #: `x` of the public JWK (OKP, Ed25519).
    sa.Column("x", sa.Text, nullable=False),
    sa.Column("from_sequence", sa.BigInteger, nullable=False),
    sa.Column("until_sequence", sa.BigInteger),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    #: The key that it took the place of.
    sa.Column("before", sa.Text),
)

#: One row per event that was met in its place: what became of it. Whom it is about is not here.
events = sa.Table(
    "edge_events",
    metadata,
    sa.Column("device_id", sa.Text, primary_key=True),
    sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
    #: The id that the device gave; none where it was refused.
    sa.Column("event_id", sa.Text, unique=True),
    #: SHA-256 of the signed event, as base64url.
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("occurred_at", sa.BigInteger, nullable=False),
    sa.Column("site_id", sa.Text, nullable=False),
    sa.Column("clock", sa.Text, nullable=False),
    #: pending: its place is taken, the log may not have it yet; taken; refused.
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    #: A keyed hash of the personal number, for the rule of distant sites; forgotten after the window.
    sa.Column("person_mark", sa.Text),
    #: JSON: what the counter was answered.
    sa.Column("answer", sa.Text),
    sqlite_with_rowid=False,
)
sa.Index(
    "edge_events_person",
    events.c.person_mark,
    events.c.occurred_at,
    sqlite_where=events.c.person_mark.is_not(None),
    postgresql_where=events.c.person_mark.is_not(None),
)

#: What was refused although a device of ours had signed it: whole, and sealed as it came.
refused = sa.Table(
    "edge_refused",
    metadata,
    #: SHA-256 of the signed event, as base64url.
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("device_id", sa.Text, nullable=False, index=True),
    sa.Column("kid", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("sealed", sa.Text, nullable=False),
)

#: What somebody should look at.
alerts = sa.Table(
    "edge_alerts",
    metadata,
    #: Made from what the alert is about, so that the same is raised once.
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("raised_at", sa.BigInteger, nullable=False),
    sa.Column("device_id", sa.Text, nullable=False, index=True),
    sa.Column("site_id", sa.Text, nullable=False),
    #: The verification that it is about: `dancu explain` tells of it.
    sa.Column("event_id", sa.Text),
    #: JSON: further facts, without personal data.
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("acknowledged_at", sa.BigInteger),
    sa.Column("acknowledged_by", sa.Text),
    sa.Column("acknowledged_reason", sa.Text),
)
sa.Index("edge_alerts_raised", alerts.c.raised_at, alerts.c.id)

#: How often what was reported, for metrics.
tallies = sa.Table(
    "edge_tallies",
    metadata,
    sa.Column("site_id", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    #: A VerificationResult, the code of a failure, `expired`, or `refused` and why.
    sa.Column("outcome", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: How far the deaths in the registers were looked through, per partition of `received`.
looked = sa.Table(
    "edge_looked",
    metadata,
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)
