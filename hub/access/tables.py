"""The tables of access tokens and of the console's sessions. Only hashes are kept. Times are ms since 1970 UTC."""

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

#: One row per session in the console that has not ended. What the browser holds is not here, only its hash.
sessions = sa.Table(
    "console_sessions",
    metadata,
    #: SHA-256 of the cookie's text, in hexadecimal.
    sa.Column("hash", sa.Text, primary_key=True),
    #: The token that it was opened with: when that ends, so does the session. None: somebody else says who it is.
    sa.Column("token_id", sa.Text, index=True),
    sa.Column("holder", sa.Text, nullable=False),
    #: Viewer, operator, approver or auditor.
    sa.Column("role", sa.Text, nullable=False),
    #: What the session's forms bring, so that no other site can make a browser send them.
    sa.Column("csrf", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    #: When it was last used, within a minute.
    sa.Column("seen_at", sa.BigInteger, nullable=False),
)

#: One row per thing that a session in the console may see for some minutes. Nobody's number is here.
looks = sa.Table(
    "console_looks",
    metadata,
    #: SHA-256, in hexadecimal, of the kind, the session, and what it may see or the id that opens it.
    sa.Column("key", sa.Text, primary_key=True),
    #: What the id opens, sealed with the id, in hexadecimal.
    sa.Column("sealed", sa.Text),
    sa.Column("until", sa.BigInteger, nullable=False),
)
