"""What alembic runs for each history: the open transaction that it was given, one version table per history."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import context

from hub.migrations.history import History


def run(history: History) -> None:
    """Run the revisions on the connection of `hub.migrations.upgrading`, which begins and commits the transaction."""
    connection = context.config.attributes["connection"]
    if not isinstance(connection, sa.Connection) or not connection.in_transaction():
        raise TypeError("revisions run in an open transaction: use `dancu db upgrade`")
    context.configure(
        connection=connection,
        target_metadata=history.metadata,
        version_table=history.version_table,
        render_as_batch=True,
    )
    context.run_migrations()
