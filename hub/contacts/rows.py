"""Between contacts and the rows of their tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from hub.contacts.contact import Contact, Failing, Suspension
from hub.contacts.tables import contacts, outages
from hub.database import among

_MAKE = sa.text(
    "INSERT INTO agency_contacts (agency, gaps, failures) VALUES (:agency, 0, 0) ON CONFLICT (agency) DO NOTHING"
)
_BEGIN = sa.text(
    "INSERT INTO agency_outages (agency, began_at, attempts, reason) VALUES (:agency, :began, :attempts, :reason)"
    " ON CONFLICT (agency, began_at) DO UPDATE SET attempts = excluded.attempts, reason = excluded.reason"
)


def make_rows(connection: sa.Connection, agencies: Sequence[str]) -> None:
    """Let every one of the agencies have its row. The order matters: others may do the same."""
    connection.execute(_MAKE, [{"agency": agency} for agency in agencies])


def locked(connection: sa.Connection, agencies: Sequence[str]) -> Mapping[str, Contact]:
    """Return the contacts with agencies that have rows; nobody else changes them until the transaction ends."""
    query = sa.select(contacts).where(among(contacts.c.agency, agencies)).order_by(contacts.c.agency)
    return {row.agency: contact_of(row) for row in connection.execute(query.with_for_update())}


def contact_of(row: sa.Row[Any]) -> Contact:
    """Return what a row says."""
    failing = None
    if row.failing_since is not None:
        failing = Failing(row.failing_since, row.failures, row.reason or "", row.next_try_at)
    suspended = None
    if row.suspended_at is not None:
        suspended = Suspension(row.suspended_at, row.suspended_by, row.suspended_reason)
    return Contact(
        row.agency,
        row.first_ok_at,
        row.last_ok_at,
        row.usual_gap_ms,
        row.gaps,
        failing,
        suspended,
        row.endpoint,
        row.verified_at,
        row.asked_behind,
    )


def change(connection: sa.Connection, contact: Contact) -> None:
    """Write what meetings change. Not the suspension: an operator's step is not for a loop to undo."""
    failing = contact.failing
    values = {
        "first_ok_at": contact.first_ok_at,
        "last_ok_at": contact.last_ok_at,
        "usual_gap_ms": contact.usual_gap_ms,
        "gaps": contact.gaps,
        "failing_since": failing and failing.since,
        "failures": failing.times if failing else 0,
        "reason": failing and failing.reason,
        "next_try_at": failing and failing.next_try_at,
        "asked_behind": contact.asked_behind,
    }
    connection.execute(sa.update(contacts).where(contacts.c.agency == contact.agency).values(values))


def follow_outage(connection: sa.Connection, before: Contact, now: Contact) -> None:
    """Let the list of outages say what the contact says."""
    if now.failing is not None:
        began, attempts, reason = now.failing.since, now.failing.times, now.failing.reason
        row = {"agency": now.agency, "began": began, "attempts": attempts, "reason": reason}
        connection.execute(_BEGIN, row)
    elif before.failing is not None:
        mine = sa.and_(outages.c.agency == now.agency, outages.c.began_at == before.failing.since)
        connection.execute(sa.update(outages).where(mine).values(ended_at=now.last_ok_at))
