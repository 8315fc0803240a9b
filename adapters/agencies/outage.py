"""Says why a database can't be used and what to do, and never what was in the statement or the URL."""

from __future__ import annotations

import sqlalchemy as sa

from hub.destination import Rejection, Unavailable

#: A part of the database's own message, and what to tell the operator.
_CAUSES = (
    ("locked", "another program holds it; wait, or end the program that holds it"),
    ("disk is full", "the disk is full; free some space"),
    ("disk i/o error", "reading or writing the disk failed; check the disk and its free space"),
    ("not a database", "the file is not a database; move it away and restore it from a backup"),
    ("malformed", "the file is damaged; move it away and restore it from a backup"),
    ("readonly", "it can't be written; check the rights on the file and its folder"),
    ("read-only", "it takes no writes; connect to the primary server"),
    ("unable to open", "the file can't be opened; check that its folder exists and may be written"),
    ("permission denied", "the user of the connection may not write; grant it the rights"),
    ("authentication failed", "it refuses the user or the password; check the URL of the agency's system"),
    ("does not exist", "the database or its user does not exist; check the URL of the agency's system"),
    ("connection", "it can't be reached; check that the server runs and that the address is right"),
)


def outage(agency: str, url: sa.URL, error: sa.exc.SQLAlchemyError) -> Unavailable:
    """Return the outage that the error means."""
    cause = str(error.orig if isinstance(error, sa.exc.DBAPIError) else error).lower()
    advice = next((told for part, told in _CAUSES if part in cause), None)
    if advice is None:
        kind = type(error.orig if isinstance(error, sa.exc.DBAPIError) else error).__name__
        advice = f"it answered with {kind}; see the log of the database"
    return Unavailable(f"{agency}: database {place(url)}: {advice}")


def place(url: sa.URL) -> str:
    """Return where a database is: the file, or server and name; no user, no password, no options."""
    if url.get_backend_name() == "sqlite":
        return str(url.database or "in memory")
    port = f":{url.port}" if url.port else ""
    return f"{url.database} on {url.host or 'the local socket'}{port}"


def is_rights_problem(error: sa.exc.ProgrammingError) -> bool:
    """Tell a refused right (a broken world) from a wrong statement (a bug). PostgreSQL class 42501."""
    return getattr(error.orig, "sqlstate", None) == "42501"


def refusal(event_id: str, error: sa.exc.DBAPIError) -> Rejection:
    """Return the rejection that a broken rule of the database means, by code: its text may name a person."""
    code = getattr(error.orig, "sqlite_errorname", None) or getattr(error.orig, "sqlstate", None)
    return Rejection(event_id, "constraint", f"a rule of the database refuses it ({code or 'no code'})")
