"""Devices at counters: their codes and keys, what they reported, alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Nothing of this was kept before."""
    _make_codes()
    _make_devices()
    _make_events()
    _make_alerts()


def _make_codes() -> None:
    op.create_table(
        "edge_codes",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("province", sa.Text),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger, nullable=False),
        sa.Column("used_at", sa.BigInteger),
        sa.Column("device_id", sa.Text),
    )


def _make_devices() -> None:
    op.create_table(
        "edge_devices",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("province", sa.Text),
        sa.Column("purposes", sa.Text, nullable=False),
        sa.Column("enrolled_at", sa.BigInteger, nullable=False),
        sa.Column("kid", sa.Text, nullable=False),
        sa.Column("last_sequence", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("last_digest", sa.Text),
        sa.Column("last_seen_at", sa.BigInteger),
        sa.Column("clock", sa.Text),
        sa.Column("missing", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("revoked_at", sa.BigInteger),
        sa.Column("revoked_by", sa.Text),
        sa.Column("revoked_reason", sa.Text),
    )
    op.create_index("ix_edge_devices_site_id", "edge_devices", ["site_id"])
    op.create_table(
        "edge_keys",
        sa.Column("kid", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("x", sa.Text, nullable=False),
        sa.Column("from_sequence", sa.BigInteger, nullable=False),
        sa.Column("until_sequence", sa.BigInteger),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("before", sa.Text),
    )
    op.create_index("ix_edge_keys_device_id", "edge_keys", ["device_id"])


def _make_events() -> None:
    op.create_table(
        "edge_events",
        sa.Column("device_id", sa.Text, primary_key=True),
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, unique=True),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("received_at", sa.BigInteger, nullable=False),
        sa.Column("occurred_at", sa.BigInteger, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("clock", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("person_mark", sa.Text),
        sa.Column("answer", sa.Text),
        sqlite_with_rowid=False,
    )
    known = sa.text("person_mark IS NOT NULL")
    op.create_index(
        "edge_events_person",
        "edge_events",
        ["person_mark", "occurred_at"],
        sqlite_where=known,
        postgresql_where=known,
    )
    op.create_table(
        "edge_refused",
        sa.Column("digest", sa.Text, primary_key=True),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("kid", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("sealed", sa.Text, nullable=False),
    )
    op.create_index("ix_edge_refused_device_id", "edge_refused", ["device_id"])


def _make_alerts() -> None:
    op.create_table(
        "edge_alerts",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("raised_at", sa.BigInteger, nullable=False),
        sa.Column("device_id", sa.Text, nullable=False),
        sa.Column("site_id", sa.Text, nullable=False),
        sa.Column("event_id", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("acknowledged_at", sa.BigInteger),
        sa.Column("acknowledged_by", sa.Text),
        sa.Column("acknowledged_reason", sa.Text),
    )
    op.create_index("ix_edge_alerts_device_id", "edge_alerts", ["device_id"])
    op.create_index("edge_alerts_raised", "edge_alerts", ["raised_at", "id"])
    op.create_table(
        "edge_tallies",
        sa.Column("site_id", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("outcome", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "edge_looked",
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
