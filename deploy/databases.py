"""The hub's databases as the settings name them: for a hub, or to ask which version their tables have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from deploy.home import Home, damage
from deploy.settings import Settings
from hub.database import open_database, sqlite_url
from hub.migrations import (
    DELIVERIES,
    REGISTERS,
    History,
    State,
    name_of,
    nothing,
    open_new_or_require,
    require_current,
    state,
)

#: Megabytes of the registers that the pipeline of a home keeps in memory.
_PIPELINE_CACHE = 48


@dataclass(frozen=True, slots=True)
class Part:
    """One history of tables and the database that it is in."""

    history: History
    #: For people; no password is in it.
    name: str
    #: None where the file is not there yet.
    engine: sa.Engine | None

    def state(self) -> State:
        """Say which revision it has. Raises the errors of SQLAlchemy."""
        return state(self.engine, self.history) if self.engine else nothing(self.history)


@dataclass(frozen=True, slots=True)
class Databases:
    """The databases of a running hub: one PostgreSQL, or the files of its home."""

    registers: sa.Engine
    #: The same registers for the one pipeline of a home, which needs most of them in memory.
    pipeline: sa.Engine
    deliveries: sa.Engine


@contextmanager
def open_databases(settings: Settings, home: Home) -> Iterator[Databases]:
    """Open them for a hub. New files get their tables; else raises `OldSchema` unless the tables are today's."""
    with ExitStack() as opened:
        if settings.database is not None:
            engine = open_database(settings.database)
            opened.callback(engine.dispose)
            require_current(engine, REGISTERS)
            require_current(engine, DELIVERIES)
            yield Databases(engine, engine, engine)
        else:
            registers = _file(opened, home.registers, REGISTERS)
            deliveries = _file(opened, home.deliveries, DELIVERIES)
            pipeline = open_database(sqlite_url(home.registers), cache_mb=_PIPELINE_CACHE)
            opened.callback(pipeline.dispose)
            yield Databases(registers, pipeline, deliveries)


def _file(opened: ExitStack, path: Path, history: History) -> sa.Engine:
    """Open a file of the home. Whatever breaks it, now or later, is told with its name."""
    engine = open_database(sqlite_url(path))
    opened.callback(engine.dispose)

    @sa.event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if type(error) in (sa.exc.DatabaseError, sa.exc.OperationalError):  # the others are bugs
            raise damage(path, context.original_exception) from error

    open_new_or_require(engine, history)
    return engine


@contextmanager
def parts_of(settings: Settings, *, make: bool = False) -> Iterator[Sequence[Part]]:
    """Open PostgreSQL, or the files of the home; files that are not there are made only when `make` says so."""
    engines: list[sa.Engine] = []

    def opened(url: str) -> sa.Engine:
        engines.append(open_database(url))
        return engines[-1]

    try:
        if settings.database is not None:
            engine = opened(settings.database)
            yield [Part(history, name_of(engine), engine) for history in (REGISTERS, DELIVERIES)]
        else:
            home = Home(settings.home)
            files = ((REGISTERS, home.registers), (DELIVERIES, home.deliveries))
            yield [Part(h, str(f), opened(sqlite_url(f)) if make or f.exists() else None) for h, f in files]
    finally:
        for engine in engines:
            engine.dispose()
