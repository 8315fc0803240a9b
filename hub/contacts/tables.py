"""The tables of the contact with each agency. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

import sqlalchemy as sa

from hub.deliveries.tables import metadata

#: One row per agency that was ever in contact, or that an operator has suspended.
contacts = sa.Table(
    "agency_contacts",
    metadata,
    sa.Column("agency", sa.Text, primary_key=True),
    #: The agency answered: the first time, and the last.
    sa.Column("first_ok_at", sa.BigInteger),
    sa.Column("last_ok_at", sa.BigInteger),
    #: What is usual between two contacts: a moving average over so many gaps.
    sa.Column("usual_gap_ms", sa.BigInteger),
    sa.Column("gaps", sa.Integer, nullable=False, server_default="0"),
    #: Since when it does not answer, how often it was tried since, why, and when it is tried next.
    sa.Column("failing_since", sa.BigInteger),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    sa.Column("reason", sa.Text),
    sa.Column("next_try_at", sa.BigInteger),
    sa.Column("suspended_at", sa.BigInteger),
    sa.Column("suspended_by", sa.Text),
    sa.Column("suspended_reason", sa.Text),
    #: The endpoint that has agreed to get events (webhooks), and when it did.
    sa.Column("endpoint", sa.Text),
    sa.Column("verified_at", sa.BigInteger),
    #: Requests per minute that it allows; none: as many as wanted.
    sa.Column("allowed_rate", sa.BigInteger),
    #: Behind which position of its feed the agency has asked for more: it has what comes before (pull ways).
    sa.Column("asked_behind", sa.BigInteger),
    sqlite_with_rowid=False,
)

#: One row per outage of an agency.
outages = sa.Table(
    "agency_outages",
    metadata,
    sa.Column("agency", sa.Text, primary_key=True),
    sa.Column("began_at", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("reason", sa.Text),
    sqlite_with_rowid=False,
)

#: One row per request to hand out a stretch of a feed once more: positions behind `after` up to `until`.
rewinds = sa.Table(
    "feed_rewinds",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("agency", sa.Text, nullable=False, index=True),
    sa.Column("after", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger, nullable=False),
    #: How far it has come.
    sa.Column("reached", sa.BigInteger, nullable=False),
    #: How many events the agency has taken once more, and how many it has not.
    sa.Column("taken", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("refused", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("requested_at", sa.BigInteger, nullable=False),
    sa.Column("requested_by", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.Column("cancelled_by", sa.Text),
)
