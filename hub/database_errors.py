"""What an error of the database means, in plain words without any value, and whether it passes by itself.

A server's own text may tell the key that was there already, which is a person's number: it is looked at, never shown.
"""

from __future__ import annotations

import re
import sqlite3
from typing import NamedTuple

import sqlalchemy as sa


class _Meaning(NamedTuple):
    text: str
    passing: bool


_LOST = _Meaning("the connection to the database was lost. Is the server up, and the network?", True)
_UNREACHED = _Meaning(
    "nothing answers at the database's host and port. Is the server up, the port right, a firewall between?", True
)
_STARTS = _Meaning("the database server is starting or stopping", True)
_READ_ONLY = _Meaning("the database takes no changes now (read-only): a standby, or a failover is under way", True)
_CROWDED = _Meaning("the database has no connection left. End programs that hold some, or raise max_connections", True)
_FULL = _Meaning("the database's disk is full. Make room there; nothing is lost", True)
_REFUSED_US = _Meaning(
    "the database refuses our account: look at its name and password, at the server's pg_hba.conf, and at its TLS",
    False,
)
_NO_DATABASE = _Meaning("the server is there, but has no database of this name. Create it, or correct the URL", False)
_CONSTRAINT = _Meaning("the database refuses a row that breaks a rule of a table", False)
_OTHER_TABLES = _Meaning("a table or column is not there. See: dancu db status", False)
_BUSY = _Meaning("another program holds what we need in the database for too long", True)

#: PostgreSQL's SQLSTATE, or its class (the first two characters).
_BY_STATE = {
    "08": _LOST,
    "57P01": _STARTS,
    "57P02": _STARTS,
    "57P03": _STARTS,
    "57P05": _LOST,
    "25P03": _LOST,
    "25006": _READ_ONLY,
    "53": _Meaning("the database server has too little of something (memory, or a limit of its settings)", True),
    "53100": _FULL,
    "53300": _CROWDED,
    "40": _Meaning("the database undid a transaction because of another one; trying again helps", True),
    "40002": _CONSTRAINT,
    "55P03": _BUSY,
    "57014": _Meaning("the database ended a statement that took too long, or somebody cancelled it", True),
    "58": _Meaning("the database server can't use its disk. See the server's log", False),
    "28": _REFUSED_US,
    "3D000": _NO_DATABASE,
    "42501": _Meaning("our account may not do this in the database. Grant it what it needs", False),
    "42P01": _OTHER_TABLES,
    "42703": _OTHER_TABLES,
    "3F000": _OTHER_TABLES,
    "23": _CONSTRAINT,
    "22": _Meaning("the database can't take a value: too long, out of range, or not text", False),
}

#: Before there is a connection the client library gives no SQLSTATE, only a text: parts of it, without what it quotes.
_BY_TEXT = (
    ("too many", _CROWDED),
    ("remaining connection slots", _CROWDED),
    ("starting up", _STARTS),
    ("shutting down", _STARTS),
    ("recovery", _STARTS),
    ("accepting connections", _STARTS),
    ("authentication", _REFUSED_US),
    ("no password supplied", _REFUSED_US),
    ("pg_hba.conf", _REFUSED_US),
    ("role  does not exist", _REFUSED_US),
    ("not permitted to log in", _REFUSED_US),
    ("certificate", _REFUSED_US),
    ("does not support ssl", _REFUSED_US),
    ("permission denied for database", _REFUSED_US),
    ("database  does not exist", _NO_DATABASE),
    ("read-only", _READ_ONLY),
    ("standby", _READ_ONLY),
    ("resolve host", _Meaning("the database's host name is not known (DNS). Correct the URL, or wait for DNS", True)),
    ("refused", _UNREACHED),
    ("unreachable", _UNREACHED),
    ("no route to host", _UNREACHED),
    ("timeout", _UNREACHED),
    ("timed out", _UNREACHED),
)
_QUOTED = re.compile(r"""\"[^"]*\"|'[^']*'""")

#: SQLite's primary result codes.
_BY_CODE = {
    sqlite3.SQLITE_BUSY: _BUSY,
    sqlite3.SQLITE_LOCKED: _BUSY,
    sqlite3.SQLITE_FULL: _Meaning("the disk is full. Make room and start again; nothing is lost", False),
    sqlite3.SQLITE_IOERR: _Meaning("the database's file can't be read or written. Is the disk healthy?", False),
    sqlite3.SQLITE_READONLY: _Meaning("the database's file may not be written by this user", False),
    sqlite3.SQLITE_CANTOPEN: _Meaning("the database's file can't be opened by this user", False),
    sqlite3.SQLITE_CORRUPT: _Meaning("the database's file is damaged. Put a copy back", False),
    sqlite3.SQLITE_NOTADB: _Meaning("the file is no database. Put a copy back", False),
    sqlite3.SQLITE_CONSTRAINT: _CONSTRAINT,
}


def plain(error: BaseException) -> str:
    """Say what an error of SQLAlchemy, psycopg or sqlite3 means; no value and no name of a person's is in it."""
    meaning, state = _meaning(error)
    return f"{meaning.text} (SQLSTATE {state})." if state else f"{meaning.text}."


def is_passing(error: BaseException) -> bool:
    """Whether the same may work later without anyone changing the hub: the connection, the server, a lock.

    Then wait and do the whole transaction again; whether the one that failed was committed is not known.
    """
    return _meaning(error)[0].passing


def _meaning(error: BaseException) -> tuple[_Meaning, str | None]:
    if isinstance(error, sa.exc.TimeoutError):
        return _Meaning("all of this process's connections to the database are busy", True), None
    original = (error.orig or error) if isinstance(error, sa.exc.DBAPIError) else error
    if isinstance(original, sqlite3.Error):
        code = getattr(original, "sqlite_errorcode", 0) & 0xFF
        return _BY_CODE.get(code, _Meaning("the database reports an error", False)), None
    state = getattr(original, "sqlstate", None)
    if isinstance(state, str):
        unknown = _Meaning("the database reports an error", False)
        return _BY_STATE.get(state) or _BY_STATE.get(state[:2]) or unknown, state
    return _without_state(error, original), None


def _without_state(error: BaseException, original: BaseException) -> _Meaning:
    """No SQLSTATE: a connection that never was, or is gone, or a mistake of ours."""
    gone = isinstance(error, sa.exc.DBAPIError) and error.connection_invalidated
    if not gone and "OperationalError" not in {kind.__name__ for kind in type(original).__mro__}:
        return _Meaning("the database's driver reports an error", False)
    said = _QUOTED.sub("", str(original).lower())
    return next((meaning for part, meaning in _BY_TEXT if part in said), _LOST)
