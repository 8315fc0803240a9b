"""The tables of linked procedures. No personal number is in them, only its ends. Times: ms since 1970 UTC."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

#: One row per case: what an event has begun.
cases = sa.Table(
    "procedure_cases",
    metadata,
    #: The event that began it.
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("procedure", sa.Text, nullable=False),
    #: The first three and the last two digits of the personal number.
    sa.Column("person", sa.Text, nullable=False),
    #: open, done or cancelled; whether an open one is late is a matter of the time.
    sa.Column("state", sa.Text, nullable=False),
    #: While it is open: when it is or was late, by its earliest deadline; else when it ended.
    sa.Column("turns_at", sa.BigInteger, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    #: When the deliveries are looked at again for acknowledgements that are missing.
    sa.Column("look_at", sa.BigInteger),
)
sa.Index("procedure_cases_each", cases.c.procedure, cases.c.state, cases.c.turns_at, cases.c.event_id)
sa.Index("procedure_cases_all", cases.c.state, cases.c.turns_at, cases.c.event_id)
sa.Index(
    "procedure_cases_look",
    cases.c.look_at,
    sqlite_where=cases.c.look_at.is_not(None),
    postgresql_where=cases.c.look_at.is_not(None),
)

#: One row per step of a case.
steps = sa.Table(
    "procedure_steps",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("step", sa.Text, primary_key=True),
    sa.Column("procedure", sa.Text, nullable=False),
    #: Who has to take it.
    sa.Column("agency", sa.Text, nullable=False),
    #: When its time is over; none while the step before it is not taken.
    sa.Column("due_at", sa.BigInteger),
    sa.Column("done_at", sa.BigInteger),
    #: The event that it was taken by, or the version that was acknowledged.
    sa.Column("done_by", sa.Text),
    #: Its deadline while the case waits for it.
    sa.Column("waits_until", sa.BigInteger),
    sqlite_with_rowid=False,
)
sa.Index(
    "procedure_steps_waiting",
    steps.c.agency,
    steps.c.waits_until,
    steps.c.event_id,
    steps.c.procedure,
    sqlite_where=steps.c.waits_until.is_not(None),
    postgresql_where=steps.c.waits_until.is_not(None),
)

#: How many cases there are.
tallies = sa.Table(
    "procedure_tallies",
    metadata,
    sa.Column("procedure", sa.Text, primary_key=True),
    #: As in `procedure_cases`.
    sa.Column("state", sa.Text, primary_key=True),
    sa.Column("count", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: Events that agencies which fetch have passed in their feeds, of the types that begin a procedure.
fetched = sa.Table(
    "procedure_fetched",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

#: How far each topic was followed, per partition, by the rules that were followed: other rules begin anew.
looked = sa.Table(
    "procedure_looked",
    metadata,
    #: A digest of the procedures; empty for the row that counts who has written.
    sa.Column("rules", sa.Text, primary_key=True),
    sa.Column("topic", sa.Text, primary_key=True),
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
