"""The tables of replays: what was planned, who approved it, and what became of each delivery in it.

Times are milliseconds since 1970 UTC.
"""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

replays = sa.Table(
    "replays",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    #: `deliveries` (parked for an agency) or `refused` (set aside by intake or the pipeline).
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False, index=True),
    #: What is meant, as JSON: see `replay.selection`.
    sa.Column("selection", sa.Text, nullable=False),
    #: What was found when it was planned, as JSON.
    sa.Column("estimate", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("planned_by", sa.Text, nullable=False),
    sa.Column("planned_at", sa.BigInteger, nullable=False),
    #: Persons who must approve before it may run.
    sa.Column("approvals_needed", sa.Integer, nullable=False),
    #: Deliveries per second and in all; None: no limit.
    sa.Column("rate", sa.Float),
    sa.Column("cap", sa.BigInteger),
    sa.Column("frozen_at", sa.BigInteger),
    sa.Column("started_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("ended_by", sa.Text),
    #: Which process works on it, and until when nobody else may.
    sa.Column("runner", sa.Text),
    sa.Column("lease_until", sa.BigInteger),
    #: Rises with every change, so that of two who change it at once one is told.
    sa.Column("version", sa.BigInteger, nullable=False),
)

approvals = sa.Table(
    "replay_approvals",
    metadata,
    sa.Column("replay", sa.Text, primary_key=True),
    sa.Column("by", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)

#: One row per delivery of the selection, written when it is frozen. Of a replay of the kind `refused`, `agency` is
#: empty and `position` is the place in the topic `refused`.
items = sa.Table(
    "replay_items",
    metadata,
    sa.Column("replay", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    #: Why it was skipped, as a stable code.
    sa.Column("why", sa.Text),
    #: How often it had been tried when the replay asked for it.
    sa.Column("attempts", sa.Integer),
    sa.Column("asked_at", sa.BigInteger),
    sa.Column("ended_at", sa.BigInteger),
    sa.Index("replay_items_state", "replay", "state", "agency", "position"),
    sa.Index("replay_items_event", "event_id"),
    sqlite_with_rowid=False,
)
