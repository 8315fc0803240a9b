"""The table of the audit trail: who did what, when and why. Each entry names the hash of the one before."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

entries = sa.Table(
    "audit_entries",
    metadata,
    #: 1, 2, 3 … without holes.
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    #: Milliseconds since 1970 UTC.
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("by", sa.Text, nullable=False),
    #: What was done, such as `replay.approved`.
    sa.Column("action", sa.Text, nullable=False),
    #: To what: an agency, or the id of a replay.
    sa.Column("subject", sa.Text, nullable=False, index=True),
    sa.Column("reason", sa.Text),
    #: Further facts, as JSON without personal data.
    sa.Column("detail", sa.Text, nullable=False),
    #: SHA-256 in hexadecimal, of this entry and the hash before it.
    sa.Column("before", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
