"""Which endpoints have agreed to get an agency's events, so that nobody is asked at every start."""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from hub.audit import Entry, write_entry
from hub.contacts import rows
from hub.contacts.tables import contacts
from hub.database import reading


class Consent(NamedTuple):
    """An endpoint has agreed to get events."""

    url: str
    #: Milliseconds since 1970 UTC.
    at: int
    #: Requests per minute that it allows; None: as many as wanted.
    allowed_rate: int | None = None


class Endpoints:
    """The consents in the database of the deliveries. One agency has one endpoint: another URL is asked anew."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def consent(self, agency: str, url: str) -> Consent | None:
        """Return the consent of an agency's endpoint, or None when this URL has given none."""
        c = contacts.c
        query = sa.select(c.endpoint, c.verified_at, c.allowed_rate).where(
            c.agency == agency, c.endpoint == url, c.verified_at.is_not(None)
        )
        with reading(self._engine) as connection:
            row = connection.execute(query).one_or_none()
        return None if row is None else Consent(row.endpoint, row.verified_at, row.allowed_rate)

    def keep(self, agency: str, consent: Consent, by: str) -> None:
        """Keep a consent in place of an earlier one; `by` says who let the endpoint be asked."""
        values = {"endpoint": consent.url, "verified_at": consent.at, "allowed_rate": consent.allowed_rate}
        with self._engine.begin() as connection:
            rows.make_rows(connection, [agency])
            connection.execute(sa.update(contacts).where(contacts.c.agency == agency).values(values))
            detail = {"allowed_rate": consent.allowed_rate}
            write_entry(connection, Entry(consent.at, by, "endpoint.verified", agency, None, detail))
