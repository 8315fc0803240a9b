"""The tables of release 0.1.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    op.create_table(
        "delivery_feeds", _agency(), sa.Column("turns", sa.BigInteger, nullable=False), sqlite_with_rowid=False
    )
    op.create_table(
        "deliveries",
        _agency(),
        _position(),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("delivered_at", sa.BigInteger, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("replayed_by", sa.Text),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_deliveries_event_id", "deliveries", ["event_id"])
    _make_held()
    _make_attempts()


def _agency() -> sa.Column[str]:
    return sa.Column("agency", sa.Text, primary_key=True)


def _position() -> sa.Column[int]:
    return sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False)


def _make_held() -> None:
    op.create_table(
        "held_deliveries",
        _agency(),
        _position(),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
        sa.Column("headers", sa.LargeBinary, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("held_at", sa.BigInteger, nullable=False),
        sa.Column("behind", sa.BigInteger),
        sa.Column("waiting_since", sa.BigInteger),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("requested_by", sa.Text),
        sa.Column("requested_at", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sa.Column("delivered_at", sa.BigInteger),
    )
    op.create_index("ix_held_deliveries_event_id", "held_deliveries", ["event_id"])
    op.create_index("held_deliveries_person", "held_deliveries", ["agency", "key", "state", "position"])
    op.create_index("held_deliveries_due", "held_deliveries", ["agency", "state", "due_at", "position"])
    op.create_index("held_deliveries_behind", "held_deliveries", ["agency", "behind"])


def _make_attempts() -> None:
    op.create_table(
        "delivery_attempts",
        _agency(),
        _position(),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("seconds", sa.Float, nullable=False),
        sa.Column("outcome", sa.Text, nullable=False),
        sa.Column("error_class", sa.Text),
        sa.Column("message", sa.Text),
        sa.Column("requested_by", sa.Text),
        sa.Column("requested_at", sa.BigInteger),
        sa.Column("reason", sa.Text),
        sqlite_with_rowid=False,
    )
