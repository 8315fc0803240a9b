"""The revisions lead exactly to the tables that the program uses, on SQLite and PostgreSQL."""

from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.migrations import DELIVERIES, REGISTERS, History, upgrade
from tests.hub.migrations.released import make_released

BOTH = pytest.mark.parametrize("which", [REGISTERS, DELIVERIES], ids=lambda which: which.name)


def _differences(engine: sa.Engine, which: History) -> list[Any]:
    def is_ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or name in which.tables

    options: dict[str, Any] = {"compare_type": True, "compare_server_default": True, "include_name": is_ours}
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found: list[Any] = compare_metadata(context, which.metadata)
    return found


def _shape(engine: sa.Engine, which: History) -> set[tuple[Any, ...]]:
    """Everything that the database itself says about the tables, whatever the order of the columns."""
    shape: set[tuple[Any, ...]] = set()
    with engine.connect() as connection:
        inspector = sa.inspect(connection)
        for table in which.tables:
            for column in inspector.get_columns(table):
                told = (str(column["type"].compile(dialect=engine.dialect)), column["nullable"], column["default"])
                shape.add((table, column["name"], *told))
            shape.add((table, *inspector.get_pk_constraint(table)["constrained_columns"]))
            shape.update((table, "unique", *u["column_names"]) for u in inspector.get_unique_constraints(table))
        if engine.dialect.name == "sqlite":
            said = connection.execute(sa.text("SELECT tbl_name, sql FROM sqlite_master WHERE type = 'index'")).all()
            rowid = connection.execute(sa.text("SELECT name, wr FROM pragma_table_list")).all()
            shape.update((name, "without rowid", bool(wr)) for name, wr in rowid if name in which.tables)
        else:
            said = connection.execute(sa.text("SELECT tablename, indexdef FROM pg_indexes")).all()
        shape.update((table, _plain(text)) for table, text in said if table in which.tables and text)
    return shape


def _plain(statement: str) -> str:
    return statement.translate(str.maketrans("", "", '()"')).replace("!=", "<>").lower()


@BOTH
def test_alembic_finds_nothing_that_a_revision_forgot(engine: sa.Engine, which: History) -> None:
    upgrade(engine, which)
    assert _differences(engine, which) == []


@BOTH
def test_both_histories_live_in_one_database(engine: sa.Engine, which: History) -> None:
    for each in (REGISTERS, DELIVERIES):
        upgrade(engine, each)
    assert _differences(engine, which) == []


@BOTH
@pytest.mark.parametrize("released", [False, True], ids=["new", "released"])
def test_the_upgraded_tables_are_those_that_the_program_would_make(
    engine: sa.Engine, which: History, released: bool
) -> None:
    if released:
        make_released(engine, which)
    upgrade(engine, which)
    upgraded = _shape(engine, which)
    which.metadata.drop_all(engine)
    which.metadata.create_all(engine)
    assert upgraded == _shape(engine, which)


@BOTH
def test_the_comparison_sees_what_is_missing(engine: sa.Engine, which: History) -> None:
    upgrade(engine, which)
    index = min((index for table in which.metadata.tables.values() for index in table.indexes), key=lambda i: str(i))
    index.drop(engine)
    assert len(_differences(engine, which)) == 1


@BOTH
def test_the_revisions_are_one_line_and_each_says_what_it_does(which: History) -> None:
    assert which.revisions == [f"{number:04d}" for number in range(1, len(which.revisions) + 1)]
    assert all(step.text for step in which.steps_after(None))
    assert which.steps_after(which.head) == ()


@BOTH
def test_alembic_knows_the_same_revisions_in_the_same_order(which: History) -> None:
    """Those that only ask which one is needed read the files' names."""
    alembics = [(found.revision, found.doc) for found in ScriptDirectory(which.folder).walk_revisions()]
    assert [(step.revision, step.text) for step in which.steps_after(None)] == alembics[::-1]
