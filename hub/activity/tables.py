"""The tables of how much happened when: counts for curves and for knowing a feed's habits. No person is in them."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

#: One row per kind, name and span of time in which something happened.
activity = sa.Table(
    "activity",
    metadata,
    #: A `hub.activity.Kind`.
    sa.Column("kind", sa.Text, primary_key=True),
    #: What was counted: a type, a source, an agency and so on.
    sa.Column("name", sa.Text, primary_key=True),
    #: How long the span is: 60 or 3600 seconds.
    sa.Column("grain", sa.Integer, primary_key=True, autoincrement=False),
    #: When the span begins, ms since 1970 UTC; a multiple of the grain.
    sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("count", sa.BigInteger, nullable=False),
    #: Bit i: something happened in minute i of the span. Thousands at once are one bit, and a pause stays visible.
    sa.Column("minutes", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("activity_time", activity.c.grain, activity.c.kind, activity.c.at)

#: One row per name that was ever counted: since when, and when the last time. It outlives the counts.
names = sa.Table(
    "activity_names",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    #: Milliseconds since 1970 UTC.
    sa.Column("first_at", sa.BigInteger, nullable=False),
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: One row per name whose silence somebody has acknowledged. Who, and why, is in the audit trail.
acknowledged = sa.Table(
    "activity_acknowledged",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    #: When the last event before that silence came, ms since 1970 UTC.
    sa.Column("last_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
