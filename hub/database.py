"""Opening a SQL database the same careful way everywhere: SQLite files and PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
import stamina
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement


def open_database(url: str, *, secure_delete: bool = False, cache_mb: int = 4) -> sa.Engine:
    """Return an engine whose transactions take the write lock at once (SQLite) and survive a killed process.

    `url` is an SQLAlchemy URL, such as `sqlite:////var/lib/dancu/hub.db` or `postgresql+psycopg://…`.
    With `secure_delete`, SQLite overwrites deleted content with zeros, so that removed data is gone. `cache_mb` is
    what one SQLite connection may keep in memory; the one that was used last is used again, so that few stay warm.
    """
    # hide_parameters: they are personal data, and errors are shown
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "postgresql":
        return _open_postgresql(parsed)
    engine = sa.create_engine(parsed, hide_parameters=True, pool_use_lifo=True)
    _prepare_sqlite(engine, secure_delete=secure_delete, cache_mb=cache_mb)
    return engine


#: libpq's settings, unless the URL says otherwise: a server or a network that is gone is noticed within a minute,
#: on both sides, and only a server that takes changes is one for us. A transaction of which nobody has heard for 15 s
#: is given up, because others may wait for its locks; whoever it belonged to does it again.
_POSTGRESQL = {
    "application_name": "dancu",
    "connect_timeout": 10,
    "keepalives_idle": 20,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
    "target_session_attrs": "read-write",
    "options": "-c tcp_keepalives_idle=20 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3 "
    "-c idle_in_transaction_session_timeout=15000",
}
_READ_ONLY = "25006"
_NAMES = {sa.BigInteger: "int8", sa.Integer: "int4", sa.Text: "text", sa.Boolean: "bool", sa.LargeBinary: "bytea"}


def _open_postgresql(url: sa.URL) -> sa.Engine:
    chosen = {name: value for name, value in _POSTGRESQL.items() if name not in url.query}
    engine = sa.create_engine(url, hide_parameters=True, pool_use_lifo=True, connect_args=chosen)

    @sa.event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        state = getattr(context.original_exception, "sqlstate", None)
        if state == _READ_ONLY:
            context.is_disconnect = True  # a failover: the next connection is to the server that took over
        if state:
            _without_values(context)

    return engine


def _without_values(context: sa.engine.ExceptionContext) -> None:
    """Keep out of every traceback and log what the server tells of the row: it is personal data."""
    error: Any = context.original_exception
    said = str(error.diag.message_primary if error.sqlstate[:2] != "22" else "a value can't be taken")
    error.args = (said,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(error).__name__}) {said}",)


def sqlite_url(path: Path) -> str:
    """Return the SQLAlchemy URL of an SQLite file."""
    return f"sqlite:///{path.absolute()}"


def _prepare_sqlite(engine: sa.Engine, *, secure_delete: bool, cache_mb: int) -> None:
    @sa.event.listens_for(engine, "connect")
    def on_connect(connection: Any, _: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves, below
        cursor = connection.cursor()
        cursor.execute("PRAGMA busy_timeout = 30000")
        _switch_to_wal(cursor)
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute("PRAGMA wal_autocheckpoint = 16000")
        cursor.execute(f"PRAGMA cache_size = -{cache_mb * 1024}")
        if secure_delete:
            cursor.execute("PRAGMA secure_delete = ON")
        cursor.close()

    @sa.event.listens_for(engine, "begin")
    def on_begin(connection: sa.Connection) -> None:
        only_reads = connection.get_execution_options().get("reading", False)
        connection.exec_driver_sql("BEGIN" if only_reads else "BEGIN IMMEDIATE")


@stamina.retry(on=sqlite3.OperationalError, timeout=30.0, wait_initial=0.01, wait_max=0.2)
def _switch_to_wal(cursor: Any) -> None:
    """Two processes that open a new file at once: SQLite doesn't wait by itself for this switch."""
    cursor.execute("PRAGMA journal_mode = WAL")


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Connect for reading only: sees one moment, waits for no writer and makes none wait."""
    options: dict[str, Any] = {"reading": True}
    if engine.dialect.name == "postgresql":  # else each statement would see its own moment
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect() as connection:
        yield connection.execution_options(**options)


def take_turns(connection: sa.Connection, what: int, *, together: bool = False) -> None:
    """Wait until nobody else does the same (a number of our own), and let nobody until the transaction ends.

    `together`: any number do it at once, but not beside one that does it alone. On SQLite every transaction that
    writes is alone anyway.
    """
    if connection.dialect.name == "postgresql":
        lock = sa.func.pg_advisory_xact_lock_shared if together else sa.func.pg_advisory_xact_lock
        connection.execute(sa.select(lock(what)))


class _Among(FunctionElement[Any]):
    """Whether a column (the first) has one of the texts of a JSON array (the second).

    One parameter for any number of texts, so that the statement stays the same; no driver writes an array as fast.
    """

    inherit_cache = True
    type = sa.types.NULLTYPE  # of a boolean, SQLite would be asked whether it equals 1, and use no index


@compiles(_Among)
def _among_sqlite(element: _Among, compiler: Any, **kw: Any) -> str:
    column, array = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({array}))"  # noqa: S608 - made by SQLAlchemy


@compiles(_Among, "postgresql")
def _among_postgresql(element: _Among, compiler: Any, **kw: Any) -> str:
    """Not IN (SELECT …): beside an OR, PostgreSQL would read the whole table for it."""
    column, array = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY (ARRAY(SELECT jsonb_array_elements_text(CAST({array} AS jsonb))))"


def among(column: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text column has one of `values`, however many there are."""
    return _Among(column, sa.literal(texts(values), sa.Text()))


def among_asked(column: sa.ColumnElement[Any], name: str = "asked") -> sa.ColumnElement[bool]:
    """Return the same condition for a statement that is made once and used often; `name` is given `texts(values)`."""
    return _Among(column, sa.bindparam(name, type_=sa.Text()))


def texts(values: Iterable[str]) -> str:
    """Return texts as one parameter."""
    return orjson.dumps(list(values)).decode()


def insert_rows(
    connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]], *, exact: bool = False
) -> None:
    """Insert rows given as tuples in the order of the table's columns.

    A third quicker than SQLAlchemy's own way, which prepares every value of every row; on PostgreSQL it is a COPY,
    three times quicker. The values must be what the driver takes: text, whole numbers, bytes or None. `exact`: the
    columns are of exactly the types that the table says, so that the values can be sent in PostgreSQL's own form: in
    half the time, but a number that is too large for its column is cut and not refused.
    """
    if not rows:
        return
    statement = _insert_statement(table, connection.dialect.name)
    if connection.dialect.name == "postgresql":
        _copy(connection, statement, rows, _types(table) if exact else ())
    else:
        connection.exec_driver_sql(statement, list(rows))


def _copy(connection: sa.Connection, statement: str, rows: Sequence[tuple[Any, ...]], types: Sequence[str]) -> None:
    """`types`: the columns' types, to send the values in PostgreSQL's own form instead of as text."""
    driver: Any = connection.connection.driver_connection
    refused = connection.dialect.loaded_dbapi.Error
    try:
        with driver.cursor() as cursor, cursor.copy(statement + " (FORMAT BINARY)" * bool(types)) as copy:
            if types:
                copy.set_types(types)
            for row in rows:
                copy.write_row(row)
    except refused as error:  # SQLAlchemy doesn't see it; the driver's text tells the row
        gone = driver.broken or error.sqlstate == _READ_ONLY
        if gone:
            connection.invalidate(error)
        words = type(error)(f"COPY: {error.sqlstate or 'the connection was lost'}")
        words.sqlstate = error.sqlstate  # type: ignore[attr-defined]
        raise sa.exc.DBAPIError.instance(
            statement,
            None,
            words,
            refused,
            hide_parameters=True,
            connection_invalidated=gone,
            dialect=connection.dialect,
        ) from None


@cache
def _types(table: sa.Table) -> Sequence[str]:
    return [_NAMES[type(column.type)] for column in table.c]


@cache
def _insert_statement(table: sa.Table, dialect: str) -> str:
    quoted = ", ".join(f'"{column.name}"' for column in table.c)
    if dialect == "postgresql":
        return f'COPY "{table.name}" ({quoted}) FROM STDIN'
    return f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join("?" for _ in table.c)})'  # noqa: S608 - our own names
