"""The tables of the deliveries, the same on SQLite and PostgreSQL. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

metadata = sa.MetaData()


def _agency() -> sa.Column[str]:
    return sa.Column("agency", sa.Text, primary_key=True)


def _position() -> sa.Column[int]:
    return sa.Column("position", sa.BigInteger, primary_key=True, autoincrement=False)


def _table(name: str, *columns: sa.schema.SchemaItem) -> sa.Table:
    return sa.Table(name, metadata, *columns, sqlite_with_rowid=False)


#: One row per agency; whoever records for the agency holds it until the end of the transaction.
feeds = _table("delivery_feeds", _agency(), sa.Column("turns", sa.BigInteger, nullable=False))

#: One row per event that an agency has.
delivered = _table(
    "deliveries",
    _agency(),
    _position(),
    sa.Column("event_id", sa.Text, nullable=False, index=True),
    sa.Column("delivered_at", sa.BigInteger, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("replayed_by", sa.Text),
)

#: One row per event that could not be handed out at once, kept whole (`hub.deliveries.State`).
held = sa.Table(
    "held_deliveries",
    metadata,
    _agency(),
    _position(),
    sa.Column("event_id", sa.Text, nullable=False, index=True),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("value", sa.LargeBinary, nullable=False),
    sa.Column("headers", sa.LargeBinary, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error_class", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("held_at", sa.BigInteger, nullable=False),
    #: Position of an open event of the same agency, while the state is `waiting`.
    sa.Column("behind", sa.BigInteger),
    sa.Column("waiting_since", sa.BigInteger),
    sa.Column("due_at", sa.BigInteger),
    sa.Column("requested_by", sa.Text),
    sa.Column("requested_at", sa.BigInteger),
    sa.Column("reason", sa.Text),
    sa.Column("delivered_at", sa.BigInteger),
    sa.Index("held_deliveries_person", "agency", "key", "state", "position"),
    sa.Index("held_deliveries_due", "agency", "state", "due_at", "position"),
    sa.Index("held_deliveries_behind", "agency", "behind"),
)

#: One row per attempt to hand out an event of `held_deliveries`.
attempts = _table(
    "delivery_attempts",
    _agency(),
    _position(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Float, nullable=False),
    sa.Column("outcome", sa.Text, nullable=False),
    sa.Column("error_class", sa.Text),
    sa.Column("message", sa.Text),
    sa.Column("requested_by", sa.Text),
    sa.Column("requested_at", sa.BigInteger),
    sa.Column("reason", sa.Text),
)

_HOLD_FEED = sa.text(
    "INSERT INTO delivery_feeds (agency, turns) VALUES (:agency, 1)"
    " ON CONFLICT (agency) DO UPDATE SET turns = delivery_feeds.turns + 1"
)


def hold_feed(connection: sa.Connection, agency: str) -> None:
    """Let nobody else record for this agency until the transaction ends."""
    connection.execute(_HOLD_FEED, {"agency": agency})


def insert(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """Insert all rows with one statement; none is fine."""
    if rows:
        connection.execute(sa.insert(table), rows)
