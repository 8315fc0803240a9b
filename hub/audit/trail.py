"""A chain of entries: each has a hash over itself and the hash before it, so that no change goes unseen."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson
import sqlalchemy as sa

from hub.audit.tables import entries
from hub.database import take_turns

_NOTHING: Final = "0" * 64
#: The number of our advisory lock in PostgreSQL: one writes at a time.
_TURN: Final = 7_310_002
_PAGE = 1000


class Entry(NamedTuple):
    """Something that somebody did."""

    #: Milliseconds since 1970 UTC.
    at: int
    by: str
    #: A stable name, such as `replay.approved`.
    action: str
    #: To what: an agency, or the id of a replay.
    subject: str
    reason: str | None
    #: Further facts, without personal data.
    detail: Mapping[str, Any]


class Written(NamedTuple):
    """An entry in its place."""

    number: int
    entry: Entry
    hash: str


class Broken(NamedTuple):
    """Where the chain does not hold: the number of the first entry that is not as it was written, or is missing."""

    number: int
    what: str


class Link(NamedTuple):
    """A place in the chain: the number and hash of an entry."""

    number: int
    hash: str


#: What stands before the first entry.
START: Final = Link(0, _NOTHING)


def write_entry(connection: sa.Connection, entry: Entry) -> None:
    """Add an entry, in the transaction of what it tells about."""
    take_turns(connection, _TURN)
    last = connection.execute(
        sa.select(entries.c.number, entries.c.hash).order_by(entries.c.number.desc()).limit(1)
    ).one_or_none()
    number, before = (last.number + 1, last.hash) if last is not None else (1, _NOTHING)
    detail = orjson.dumps(entry.detail, option=orjson.OPT_SORT_KEYS).decode()
    row = {**entry._asdict(), "number": number, "detail": detail, "before": before}
    connection.execute(sa.insert(entries), {**row, "hash": _hash(row)})


def entries_of(
    connection: sa.Connection, subject: str | None = None, after: int = 0, limit: int = _PAGE
) -> list[Written]:
    """Return the next entries behind a number, about one subject or all."""
    query = sa.select(entries).where(entries.c.number > after).order_by(entries.c.number).limit(limit)
    if subject is not None:
        query = query.where(entries.c.subject == subject)
    return [_written(row) for row in connection.execute(query)]


def newest_entries(
    connection: sa.Connection, limit: int, before: int | None = None, **only: str | None
) -> list[Written]:
    """Return the newest entries, or those before a number; `only`: with this `subject`, `action`, or done `by` whom."""
    query = sa.select(entries).order_by(entries.c.number.desc()).limit(limit)
    if before is not None:
        query = query.where(entries.c.number < before)
    for name, value in only.items():
        if value is not None:
            query = query.where(entries.c[name] == value)
    return [_written(row) for row in connection.execute(query)]


def last_entry(connection: sa.Connection) -> Written | None:
    """Return the newest entry: whoever notes its number and hash elsewhere sees later whether the end was cut off."""
    row = connection.execute(sa.select(entries).order_by(entries.c.number.desc()).limit(1)).one_or_none()
    return None if row is None else _written(row)


def check_trail(connection: sa.Connection, expected_last: tuple[int, str] | None = None) -> Broken | None:
    """Look through the whole chain; return the first place where it does not hold, or None.

    `expected_last` is the number and hash of an entry that was noted elsewhere: without it, an end that was cut off
    can't be seen.
    """
    at, noted = START, expected_last
    while (found := check_on(connection, at, noted)) != at:
        if isinstance(found, Broken):
            return found
        at = found
    return Broken(at.number + 1, "is missing") if noted is not None and noted[0] > at.number else None


def check_on(
    connection: sa.Connection, at: Link, noted: tuple[int, str] | None = None, limit: int = _PAGE
) -> Link | Broken:
    """Look through the next entries behind one that was found good; return how far they hold: `at` at the end."""
    for row in _page(connection, at.number, limit):
        if row["number"] != at.number + 1:
            return Broken(at.number + 1, "is missing")
        if row["before"] != at.hash or row["hash"] != _hash(row):
            return Broken(row["number"], "is not as it was written")
        at = Link(row["number"], row["hash"])
        if noted is not None and noted[0] == at.number and noted[1] != at.hash:
            return Broken(at.number, "is another one than was noted")
    return at


def _page(connection: sa.Connection, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
    query = sa.select(entries).where(entries.c.number > after).order_by(entries.c.number).limit(limit)
    return [dict(row) for row in connection.execute(query).mappings()]


def _written(row: sa.Row[Any]) -> Written:
    entry = Entry(row.at, row.by, row.action, row.subject, row.reason, orjson.loads(row.detail))
    return Written(row.number, entry, row.hash)


def _hash(row: Mapping[str, Any]) -> str:
    names = ("number", "at", "by", "action", "subject", "reason", "detail", "before")
    return hashlib.sha256(orjson.dumps([row[name] for name in names])).hexdigest()
