"""The table of access tokens. Only hashes are kept. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

#: One row per token that was ever given out.
tokens = sa.Table(
    "access_tokens",
    metadata,
    #: The public part of the token: names it in listings and finds it.
    sa.Column("id", sa.Text, primary_key=True),
    #: `agency` or `operator`.
    sa.Column("kind", sa.Text, nullable=False),
    #: The agency's name, or the operator's.
    sa.Column("holder", sa.Text, nullable=False),
    #: Of an operator: viewer, operator, approver or auditor.
    sa.Column("role", sa.Text),
    #: SHA-256 of the whole token, in hexadecimal.
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("created_by", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger),
    sa.Column("revoked_at", sa.BigInteger),
    sa.Index("access_tokens_holder", "kind", "holder"),
)
