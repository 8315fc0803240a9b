"""The registers' tables. Every row says at which position of `received` it came to be known.

So what was remembered of a batch that was never committed to the log can be forgotten, and the batch decided anew.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

#: Every event that was met, where, and what became of it.
events = sa.Table(
    "events",
    metadata,
    sa.Column("position", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("person", sa.Text, nullable=False),
    #: Compared byte by byte, so that a person's facts are a range.
    sa.Column("fact", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False, index=True),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("change", sa.Text, nullable=False),
    sa.Column("vital_fact", sa.Text),
    sa.Column("fate", sa.Text, nullable=False),
    #: The position at which the fate was decided: later than `position` for what was kept back.
    sa.Column("fate_position", sa.BigInteger, nullable=False),
    #: When that was, in milliseconds since 1970 UTC.
    sa.Column("fate_at", sa.BigInteger, nullable=False),
    #: The event that it went out with, or that was there first.
    sa.Column("with_event", sa.Text),
    #: JSON: agency → [purpose, legal basis, shielded], by a snapshot also when (ms); and agency → reason.
    sa.Column("sent_to", sa.Text),
    sa.Column("withheld_from", sa.Text),
)
sa.Index("events_vital", events.c.vital_fact, sqlite_where=events.c.vital_fact.is_not(None))
sa.Index(
    "events_decided_later",
    events.c.fate_position,
    sqlite_where=events.c.fate_position != events.c.position,
    postgresql_where=events.c.fate_position != events.c.position,
)

#: What was set aside: refusals and repeats, each with its reason. An event id can be repeated many times.
set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    #: The position at which it was decided: later than `position` for what was kept back.
    sa.Column("decided_at", sa.BigInteger, nullable=False, index=True),
    sa.Column("event_id", sa.Text, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    #: refused, or duplicate.
    sa.Column("verdict", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
)

#: Events that are kept back, whole.
held = sa.Table(
    "held",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False),
    #: The row holds from one position (another reason to be kept back begins another row) to the other.
    sa.Column("held_at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("released_at", sa.BigInteger),
    #: The place in the person's queue.
    sa.Column("rank", sa.BigInteger, nullable=False),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("headers", sa.Text, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

#: Which number stands for which person; the newest row of a number holds.
numbers = sa.Table(
    "numbers",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("person", sa.Text, nullable=False, index=True),
    sa.Column("fact_id", sa.Text, nullable=False),
)

#: Consents; the newest row of a person, agency and purpose holds. For `step` see `hub.steps.settled.Settled.steps`.
consents = sa.Table(
    "consents",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("purpose", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True),
    sa.Column("given", sa.Boolean, nullable=False),
    #: Last day, as days since 1970.
    sa.Column("valid_until", sa.Integer),
    sa.Column("event_id", sa.Text, nullable=False),
)

#: Protection levels; the newest row of a person holds.
protections = sa.Table(
    "protections",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True),
    sa.Column("level", sa.Text, nullable=False),
)

#: Provinces of residence (current codes); the newest row of a person holds.
residences = sa.Table(
    "residences",
    metadata,
    sa.Column("person", sa.Text, primary_key=True),
    sa.Column("step", sa.BigInteger, primary_key=True),
    sa.Column("province", sa.Text, nullable=False),
)

#: Counts of what happened: one base row (at the start of the partition) for each, and what the newest batch adds.
tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("position", sa.BigInteger, primary_key=True),
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("label", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
)

#: How far the registers are in each partition: the last position of the newest batch that was remembered.
progress = sa.Table(
    "progress",
    metadata,
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
)

#: On a log with several partitions: where the events of a number go, when that is not where its key leads, and up to
#: where other partitions must be decided before (`hub.routing`).
routes = sa.Table(
    "routes",
    metadata,
    sa.Column("number", sa.Text, primary_key=True),
    #: Numbers that were ever said to be one person's share it.
    sa.Column("cluster", sa.Text, nullable=False, index=True),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
)

#: Refusals of intake: what never became an event. The whole is in the topic `refused` or in a file beside it.
refusals = sa.Table(
    "refusals",
    metadata,
    #: Names the producer and the line, so that what is read again is not counted again.
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("event_id", sa.Text, index=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False, index=True),
    sa.Column("detail", sa.Text, nullable=False),
)

#: The ids that intake has taken, and where it first saw them, to tell a sender that it has an event already.
taken = sa.Table(
    "taken",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, nullable=False),
)

#: Mass runs on their way into `received`. What was moved keeps its place only, so that it isn't taken again.
bulk = sa.Table(
    "bulk",
    metadata,
    sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("place", sa.Text, nullable=False, unique=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text),
    sa.Column("headers", sa.Text),
    sa.Column("value", sa.LargeBinary),
)
sa.Index("bulk_waiting", bulk.c.key, sqlite_where=bulk.c.key.is_not(None), postgresql_where=bulk.c.key.is_not(None))
