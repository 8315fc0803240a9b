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
    engine = sa.create_engine(url, hide_parameters=True, pool_use_lifo=True)
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine, secure_delete=secure_delete, cache_mb=cache_mb)
    return engine


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
    with engine.connect() as connection:
        yield connection.execution_options(reading=True)


class _Each(FunctionElement[str]):
    """The rows of a JSON array in one parameter, so that the statement stays the same for any number."""

    inherit_cache = True
    type = sa.Text()


@compiles(_Each)
def _each_anywhere(element: _Each, compiler: Any, **kw: Any) -> str:
    return f"json_each({compiler.process(element.clauses, **kw)})"


@compiles(_Each, "postgresql")
def _each_postgresql(element: _Each, compiler: Any, **kw: Any) -> str:
    return f"jsonb_array_elements_text(CAST({compiler.process(element.clauses, **kw)} AS jsonb))"


def among(column: sa.ColumnElement[Any], values: Iterable[str]) -> sa.ColumnElement[bool]:
    """Return the condition that a text column has one of `values`, however many there are."""
    array = sa.literal(orjson.dumps(list(values)).decode(), sa.Text())
    return column.in_(sa.select(sa.column("value", sa.Text())).select_from(_Each(array)))


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows given as tuples in the order of the table's columns.

    A third quicker than SQLAlchemy's own way, which prepares every value of every row. The values must be what the
    driver takes: text, whole numbers, bytes or None.
    """
    if not rows:
        return
    statement, names = _insert_statement(table, connection.dialect.name)
    if names:
        connection.exec_driver_sql(statement, [dict(zip(names, row, strict=True)) for row in rows])
    else:
        connection.exec_driver_sql(statement, list(rows))


@cache
def _insert_statement(table: sa.Table, dialect: str) -> tuple[str, tuple[str, ...]]:
    """Return the statement, and the parameters' names where the driver wants them by name."""
    columns = [column.name for column in table.c]
    marks = [f"%({name})s" if dialect == "postgresql" else "?" for name in columns]
    names = tuple(columns) if dialect == "postgresql" else ()
    quoted = ", ".join(f'"{name}"' for name in columns)
    return f'INSERT INTO "{table.name}" ({quoted}) VALUES ({", ".join(marks)})', names  # noqa: S608 - our own names
