"""Bringing a database to the newest revision when asked, and refusing to work on any other.

Each revision is one transaction, on SQLite too: a killed upgrade has done a revision wholly or not at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

import sqlalchemy as sa

from hub.migrations.history import History, Step
from hub.migrations.standing import Standing, State, state, state_on

#: PostgreSQL's advisory lock that whoever upgrades holds; any number that nobody else uses.
_LOCK = 0x64616E6375
#: How long an upgrade waits for a table that somebody works on, so that it doesn't block all others for longer.
_PATIENCE = "30s"
#: alembic's `op` is one for the whole process.
_one_at_a_time = threading.Lock()


class OldSchema(Exception):
    """A database has not the revision that this program needs. Says which, and what to do."""


class UpgradeRefused(Exception):
    """A database can't be brought to the newest revision. Says why, and what to do."""


def upgrade(engine: sa.Engine, which: History, on_step: Callable[[Step], None] = lambda _: None) -> State:
    """Bring a database to the newest revision; return how it stood before.

    `on_step` is called before each revision. Safe when several processes do it at once: each revision is done by one.
    Raises `UpgradeRefused`, and the errors of SQLAlchemy; the revisions before are done then.
    """
    before = found = state(engine, which)
    while found.standing is not Standing.CURRENT:
        found = _advance(engine, which, on_step)
    return before


def require_current(engine: sa.Engine, which: History) -> None:
    """Raise `OldSchema` unless the database has the newest revision. It changes nothing."""
    found = state(engine, which)
    if found.standing is not Standing.CURRENT:
        raise OldSchema(_sentence(name_of(engine), found))


def open_new_or_require(engine: sa.Engine, which: History) -> None:
    """Make the tables in an SQLite database that is empty; raise `OldSchema` for all else that is not current.

    On PostgreSQL the tables are made by `dancu db upgrade` only, which may run under an account of its own.
    """
    if engine.dialect.name == "sqlite" and state(engine, which).standing is Standing.EMPTY:
        with _one_at_a_time, engine.begin() as connection:
            if state_on(connection, which).standing is Standing.EMPTY:  # nobody was quicker
                _run(connection, which, "head")
    require_current(engine, which)


def name_of(engine: sa.Engine) -> str:
    """Return which database it is, for people. Never its password."""
    url = engine.url
    if engine.dialect.name == "sqlite":
        return str(url.database)
    host = url.host or url.query.get("host") or "localhost"
    port = f":{url.port}" if url.port else ""
    return f"PostgreSQL {url.database} on {host if isinstance(host, str) else ','.join(host)}{port}"


def _advance(engine: sa.Engine, which: History, on_step: Callable[[Step], None]) -> State:
    """Do the next revision, unless another process has; return how the database stands then."""
    with _one_at_a_time, engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
            connection.execute(sa.text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        found = state_on(connection, which)
        if found.standing is Standing.NEWER:
            raise UpgradeRefused(_sentence(name_of(engine), found))
        if found.standing is Standing.UNSTAMPED:
            _check_first(connection, which, name_of(engine))
            _run(connection, which, which.first, stamp=True)
        if found.pending:
            step = found.pending[0]
            on_step(step)
            _run(connection, which, step.revision)
        return state_on(connection, which)


def _check_first(connection: sa.Connection, which: History, name: str) -> None:
    """Tables without a revision are those of release 0.1.0, or nobody knows what they are."""
    first, there = FIRST_TABLES[which.name], set(sa.inspect(connection).get_table_names())
    wrong = [f"{table} is missing" for table in sorted(first - there)]
    wrong += [f"{table} is there" for table in sorted((which.tables - first) & there)]
    if wrong:
        raise UpgradeRefused(
            f"{name}: the tables of the {which.name} say no revision, and {', '.join(wrong)}: no release of dancu "
            "made it so. Use another database, or put a whole copy back."
        )


def _run(connection: sa.Connection, which: History, revision: str, *, stamp: bool = False) -> None:
    from alembic import command  # takes long to load, and only who changes tables needs it
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(which.folder).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    (command.stamp if stamp else command.upgrade)(config, revision)


def _sentence(name: str, found: State) -> str:
    of = f"{name}: the tables of the {found.history}"
    if found.standing is Standing.EMPTY:
        return f"{of} are not there yet. Make them: dancu db upgrade"
    if found.standing is Standing.NEWER:
        return (
            f"{of} have revision {found.revision}, which this dancu doesn't know (its newest is {found.head}): "
            "a newer dancu made them. Install that one."
        )
    has = f"have revision {found.revision}" if found.revision else "are those of release 0.1.0"
    return f"{of} {has}, this dancu needs {found.head}. Stop the hub, keep a copy, and run: dancu db upgrade"


#: The tables of release 0.1.0.
FIRST_TABLES = {
    "registers": {"events", "set_aside", "held", "numbers", "consents", "protections", "residences", "tallies"}
    | {"progress", "refusals", "taken", "bulk"},
    "deliveries": {"delivery_feeds", "deliveries", "held_deliveries", "delivery_attempts"},
}
