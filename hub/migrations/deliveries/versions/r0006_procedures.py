"""Linked procedures: their cases and steps, and how far the registers and feeds were followed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Nothing of this was kept before: what has happened is gone through from its beginning."""
    _make_cases()
    _make_steps()
    op.create_table(
        "procedure_tallies",
        sa.Column("procedure", sa.Text, primary_key=True),
        sa.Column("state", sa.Text, primary_key=True),
        sa.Column("count", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "procedure_fetched",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("agency", sa.Text, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "procedure_looked",
        sa.Column("rules", sa.Text, primary_key=True),
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )


def _make_cases() -> None:
    op.create_table(
        "procedure_cases",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("turns_at", sa.BigInteger, nullable=False),
        sa.Column("opened_at", sa.BigInteger, nullable=False),
        sa.Column("look_at", sa.BigInteger),
    )
    op.create_index("procedure_cases_each", "procedure_cases", ["procedure", "state", "turns_at", "event_id"])
    op.create_index("procedure_cases_all", "procedure_cases", ["state", "turns_at", "event_id"])
    _partial("procedure_cases_look", "procedure_cases", ["look_at"], "look_at IS NOT NULL")


def _make_steps() -> None:
    op.create_table(
        "procedure_steps",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("step", sa.Text, primary_key=True),
        sa.Column("procedure", sa.Text, nullable=False),
        sa.Column("agency", sa.Text, nullable=False),
        sa.Column("due_at", sa.BigInteger),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("done_by", sa.Text),
        sa.Column("waits_until", sa.BigInteger),
        sqlite_with_rowid=False,
    )
    columns = ["agency", "waits_until", "event_id", "procedure"]
    _partial("procedure_steps_waiting", "procedure_steps", columns, "waits_until IS NOT NULL")


def _partial(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
