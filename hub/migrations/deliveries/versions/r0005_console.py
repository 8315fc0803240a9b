"""Sessions of operators in the console, and what they may see for some minutes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing of this was kept before."""
    op.create_table(
        "console_sessions",
        sa.Column("hash", sa.Text, primary_key=True),
        sa.Column("token_id", sa.Text),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("csrf", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("seen_at", sa.BigInteger, nullable=False),
    )
    op.create_index("ix_console_sessions_token_id", "console_sessions", ["token_id"])
    op.create_table(
        "console_looks",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("sealed", sa.Text),
        sa.Column("until", sa.BigInteger, nullable=False),
    )
