"""The tables of release 0.1.0."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables."""
    _make_events()
    _make_set_aside()
    _make_held()
    _make_persons()
    _make_counts()
    _make_intake()


def _position(*, key: bool = False) -> sa.Column[int]:
    return sa.Column("position", sa.BigInteger, primary_key=key, nullable=False, autoincrement=False)


def _make_events() -> None:
    op.create_table(
        "events",
        sa.Column(
            "position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
        ),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("fact", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("change", sa.Text, nullable=False),
        sa.Column("vital_fact", sa.Text),
        sa.Column("fate", sa.Text, nullable=False),
        sa.Column("fate_position", sa.BigInteger, nullable=False),
        sa.Column("fate_at", sa.BigInteger, nullable=False),
        sa.Column("with_event", sa.Text),
        sa.Column("sent_to", sa.Text),
        sa.Column("withheld_from", sa.Text),
    )
    op.create_index("ix_events_fact", "events", ["fact"])
    op.create_index("events_vital", "events", ["vital_fact"], sqlite_where=sa.text("vital_fact IS NOT NULL"))
    later = sa.text("fate_position != position")
    op.create_index("events_decided_later", "events", ["fate_position"], sqlite_where=later, postgresql_where=later)


def _make_set_aside() -> None:
    op.create_table(
        "set_aside",
        _position(key=True),
        sa.Column("decided_at", sa.BigInteger, nullable=False),
        sa.Column("event_id", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("verdict", sa.Text, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_set_aside_decided_at", "set_aside", ["decided_at"])
    op.create_index("ix_set_aside_event_id", "set_aside", ["event_id"])


def _make_held() -> None:
    op.create_table(
        "held",
        _position(key=True),
        sa.Column("held_at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("released_at", sa.BigInteger),
        sa.Column("rank", sa.BigInteger, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("why", sa.Text, nullable=False),
        sa.Column("until", sa.BigInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_index("ix_held_person", "held", ["person"])
    op.create_index("ix_held_until", "held", ["until"])


def _make_persons() -> None:
    op.create_table(
        "numbers",
        sa.Column("number", sa.Text, primary_key=True),
        _position(key=True),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("fact_id", sa.Text, nullable=False),
    )
    op.create_index("ix_numbers_person", "numbers", ["person"])
    op.create_table(
        "consents",
        sa.Column("person", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("purpose", sa.Text, primary_key=True),
        sa.Column("step", sa.BigInteger, primary_key=True),
        sa.Column("given", sa.Boolean, nullable=False),
        sa.Column("valid_until", sa.Integer),
        sa.Column("event_id", sa.Text, nullable=False),
    )
    for table, told in (("protections", "level"), ("residences", "province")):
        op.create_table(
            table,
            sa.Column("person", sa.Text, primary_key=True),
            sa.Column("step", sa.BigInteger, primary_key=True),
            sa.Column(told, sa.Text, nullable=False),
        )


def _make_counts() -> None:
    op.create_table(
        "tallies",
        _position(key=True),
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("label", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
    )
    op.create_table("progress", sa.Column("topic", sa.Text, primary_key=True), _position())


def _make_intake() -> None:
    op.create_table(
        "refusals",
        sa.Column("place", sa.Text, primary_key=True),
        sa.Column("event_id", sa.Text),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_index("ix_refusals_event_id", "refusals", ["event_id"])
    op.create_index("ix_refusals_reason", "refusals", ["reason"])
    op.create_table(
        "taken", sa.Column("event_id", sa.Text, primary_key=True), sa.Column("place", sa.Text, nullable=False)
    )
    op.create_table(
        "bulk",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("place", sa.Text, nullable=False, unique=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("key", sa.Text),
        sa.Column("headers", sa.Text),
        sa.Column("value", sa.LargeBinary),
    )
    waiting = sa.text("key IS NOT NULL")
    op.create_index("bulk_waiting", "bulk", ["key"], sqlite_where=waiting, postgresql_where=waiting)
