"""What an embedded hub has in its home folder: the files, whole and of this program's version."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import sqlalchemy as sa

from deploy.doctor.finding import Finding, skipped
from deploy.doctor.ladder import Step, climb
from deploy.doctor.schema import check_schema
from deploy.doctor.sqlite_file import check_sqlite_file, uri_of
from deploy.home import Home
from hub.migrations import DELIVERIES, REGISTERS, History


def check_log(home: Home, seconds: float) -> Finding:
    """Look at the embedded log's file."""
    return check_sqlite_file("home.log", home.log, seconds)


def check_stores(home: Home, seconds: float) -> Iterator[Finding]:
    """Look at the registers' and the deliveries' files."""
    for name, path, history in (("registers", home.registers, REGISTERS), ("deliveries", home.deliveries, DELIVERIES)):
        whole, schema = f"home.{name}", f"home.{name}.schema"
        yield from climb(
            [
                Step(whole, partial(check_sqlite_file, whole, path, seconds)),
                Step(schema, partial(_check_schema, schema, path, history)),
            ]
        )


def check_agencies_files(home: Home, seconds: float) -> Iterator[Finding]:
    """Look at the agencies' own files that are there."""
    for path in sorted(home.agencies.glob("*.db")):
        yield check_sqlite_file(f"agency.{path.stem}", path, seconds)


def _check_schema(check: str, path: Path, history: History) -> Finding:
    if not path.exists() or path.stat().st_size == 0:
        return skipped(check, f"skipped: {path} is not there yet")
    engine = sa.create_engine(
        "sqlite://", creator=lambda: sqlite3.connect(uri_of(path), uri=True), hide_parameters=True
    )
    try:
        return check_schema(check, engine, history)
    finally:
        engine.dispose()
