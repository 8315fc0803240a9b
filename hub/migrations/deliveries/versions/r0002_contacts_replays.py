"""Contacts with agencies, rewinds, access tokens, replays, and the audit trail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Nothing of this was kept before."""
    _make_tokens()
    _make_contacts()
    _make_rewinds()
    _make_audit()
    _make_replays()
    _make_items()


def _make_tokens() -> None:
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("role", sa.Text),
        sa.Column("hash", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("created_by", sa.Text, nullable=False),
        sa.Column("expires_at", sa.BigInteger),
        sa.Column("revoked_at", sa.BigInteger),
    )
    op.create_index("access_tokens_holder", "access_tokens", ["kind", "holder"])


def _make_contacts() -> None:
    op.create_table(
        "agency_contacts",
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("first_ok_at", sa.BigInteger),
        sa.Column("last_ok_at", sa.BigInteger),
        sa.Column("usual_gap_ms", sa.BigInteger),
        sa.Column("gaps", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failing_since", sa.BigInteger),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("reason", sa.Text),
        sa.Column("next_try_at", sa.BigInteger),
        sa.Column("suspended_at", sa.BigInteger),
        sa.Column("suspended_by", sa.Text),
        sa.Column("suspended_reason", sa.Text),
        sa.Column("endpoint", sa.Text),
        sa.Column("verified_at", sa.BigInteger),
        sa.Column("allowed_rate", sa.BigInteger),
        sa.Column("asked_behind", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agency_outages",
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("began_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("reason", sa.Text),
        sqlite_with_rowid=False,
    )


def _make_rewinds() -> None:
    op.create_table(
        "feed_rewinds",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("after", sa.BigInteger, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("reached", sa.BigInteger, nullable=False),
        sa.Column("taken", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
        sa.Column("requested_at", sa.BigInteger, nullable=False),
        sa.Column("requested_by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("cancelled_by", sa.Text),
    )
    op.create_index("ix_feed_rewinds_agency", "feed_rewinds", ["agency"])


def _make_audit() -> None:
    op.create_table(
        "audit_entries",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("before", sa.Text, nullable=False),
        sa.Column("hash", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_audit_entries_subject", "audit_entries", ["subject"])


def _make_replays() -> None:
    op.create_table(
        "replays",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("selection", sa.Text, nullable=False),
        sa.Column("estimate", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("planned_by", sa.Text, nullable=False),
        sa.Column("planned_at", sa.BigInteger, nullable=False),
        sa.Column("approvals_needed", sa.Integer, nullable=False),
        sa.Column("rate", sa.Float),
        sa.Column("cap", sa.BigInteger),
        sa.Column("frozen_at", sa.BigInteger),
        sa.Column("started_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sa.Column("ended_by", sa.Text),
        sa.Column("runner", sa.Text),
        sa.Column("lease_until", sa.BigInteger),
        sa.Column("version", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_replays_state", "replays", ["state"])


def _make_items() -> None:
    op.create_table(
        "replay_approvals",
        sa.Column("replay", sa.Text, primary_key=True),
        sa.Column("by", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "replay_items",
        sa.Column("replay", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("why", sa.Text),
        sa.Column("attempts", sa.Integer),
        sa.Column("asked_at", sa.BigInteger),
        sa.Column("ended_at", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    op.create_index("replay_items_state", "replay_items", ["replay", "state", "agency", "position"])
    op.create_index("replay_items_event", "replay_items", ["event_id"])
