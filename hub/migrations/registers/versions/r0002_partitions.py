"""Progress of each partition, and the routes of persons between partitions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """What was decided so far was decided in partition 0, which keeps its position."""
    before = op.get_bind().execute(sa.text("SELECT topic, position FROM progress")).all()
    op.drop_table("progress")  # a row or none; the key changes, which SQLite can't do in place
    progress = op.create_table(
        "progress",
        sa.Column("topic", sa.Text, primary_key=True),
        sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(progress, [{"topic": row.topic, "partition": 0, "position": row.position} for row in before])
    op.create_table(
        "routes",
        sa.Column("number", sa.Text, primary_key=True),
        sa.Column("cluster", sa.Text, nullable=False),
        sa.Column("partition", sa.Integer, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
    )
    op.create_index("ix_routes_cluster", "routes", ["cluster"])
    if op.get_bind().dialect.name == "postgresql":  # SQLite's numbers are as long as they must be
        op.alter_column("bulk", "id", type_=sa.BigInteger)
        op.execute("ALTER SEQUENCE bulk_id_seq AS bigint")
