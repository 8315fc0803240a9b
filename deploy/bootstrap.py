"""Chooses the parts of a hub and puts them together. One screen; everything else gets its parts as arguments."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from adapters.agencies import open_agency
from consumers.feed import Feed
from deploy.home import Home, damage
from deploy.settings import BadSetting, Settings
from hub.agreements import Agreement, load_agreements
from hub.bulk import BulkLane
from hub.database import open_database, sqlite_url
from hub.deliveries import Deliveries, create_tables
from hub.destination import Destination
from hub.eventlog import Batch
from hub.eventlog.sqlite import SqliteLog
from hub.intake.admit import Admission
from hub.intake.desk import Desk
from hub.observe import Observer, nobody
from hub.opening import Opening
from hub.patience import Patience
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.registers import tables as t
from hub.registers.today import Today
from hub.rules import Rules
from hub.waiting import Waiting
from schemas.catalogue import load_catalogue

if TYPE_CHECKING:
    from hub.worker import Work

#: Megabytes of the registers that the pipeline keeps in memory.
_PIPELINE_CACHE = 48

_SHIPPED = Path(__file__).parent / "agreements"


def now_ms() -> int:
    """Return the time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of one hub, put together."""

    settings: Settings
    home: Home
    log: SqliteLog
    registers_db: sa.Engine
    #: The same registers for the one pipeline, which needs most of them in memory.
    pipeline_db: sa.Engine
    deliveries_db: sa.Engine
    rules: Rules

    @property
    def agencies(self) -> Sequence[str]:
        """The agencies that have an agreement."""
        return list(self.rules.agreements.by_agency)

    def desk(self) -> Desk:
        """Return the intake desk."""
        return Desk(self.log, self.registers_db, Admission(self.rules.catalogue), now_ms)

    def lane(self) -> BulkLane:
        """Return the lane of mass runs."""
        return BulkLane(self.log, self.registers_db, self.agencies)

    def waiting(self) -> Waiting:
        """Return the watch over what is kept back."""
        return Waiting(self.log, self.registers_db)

    def opening(self) -> Opening:
        """Return what opens feed records for an agency."""
        return Opening(self.rules.catalogue, Today(self.registers_db))

    def work(self, observe: Observer = nobody) -> Work:
        """Return what the worker does."""
        from hub.worker import Work  # Faust takes as long to load as all else together, and only a run needs it

        registers, waiting = Registers(self.pipeline_db), self.waiting()

        def process(batch: Batch) -> None:
            process_batch(self.log, registers, self.rules, batch, observe)

        return Work(
            log=self.log,
            process=process,
            on_tick=lambda: waiting.tick(now_ms()),
            on_empty=self.lane().let_in,
            datadir=self.home.worker,
            limit=self.settings.batch,
        )

    def destination(self, agency: str) -> Destination:
        """Open an agency's system in the way that its agreement names."""
        return open_agency(agency, agency_url(self.home, self.rules.agreements.by_agency[agency]))

    def feed(self, agency: str, destination: Destination | None = None, observe: Observer = nobody) -> Feed:
        """Return what handing out one agency's feed takes."""
        return Feed(
            agency=agency,
            log=self.log,
            store=Deliveries(self.deliveries_db),
            destination=destination or self.destination(agency),
            open_events=self.opening(),
            same_person=Today(self.registers_db).numbers_of,
            observe=observe,
            limit=self.settings.delivery_batch,
        )


@contextmanager
def open_hub(settings: Settings) -> Iterator[Hub]:
    """Put a hub together. Raises `AgreementProblem`, `SchemaProblem`, `LogUnavailable` or OSError, in plain words."""
    catalogue = load_catalogue()
    home = Home(settings.home)
    agreements = load_agreements(settings.agreements or _agreements_of(home), catalogue)
    home.prepare()
    patience = Patience(join=int(settings.join_window * 1000), previous=int(settings.correction_wait * 1000))
    registers_db = _open(home.registers, t.metadata.create_all)
    deliveries_db = _open(home.deliveries, create_tables)
    pipeline_db = open_database(sqlite_url(home.registers), cache_mb=_PIPELINE_CACHE)
    rules = Rules.of(catalogue, agreements, patience)
    try:
        with SqliteLog(home.log) as log:
            yield Hub(settings, home, log, registers_db, pipeline_db, deliveries_db, rules)
    finally:
        for engine in (registers_db, pipeline_db, deliveries_db):
            engine.dispose()


def _open(path: Path, make_tables: Callable[[sa.Engine], None]) -> sa.Engine:
    """Open a file of the home. Whatever breaks it, now or later, is told with its name."""
    engine = open_database(sqlite_url(path))

    @sa.event.listens_for(engine, "handle_error")
    def on_error(context: sa.engine.ExceptionContext) -> None:
        error = context.sqlalchemy_exception
        if type(error) in (sa.exc.DatabaseError, sa.exc.OperationalError):  # the others are bugs
            raise damage(path, context.original_exception) from error

    try:
        make_tables(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def agency_url(home: Home, agreement: Agreement) -> str:
    """Return where an agency's system is: from the environment variable that the agreement names, or a file."""
    variable = agreement.delivery.get("url_env")
    if variable is None:
        return sqlite_url(home.agencies / f"{agreement.agency}.db")
    if variable not in os.environ:
        raise BadSetting(f"{variable}: not set; the agreement of {agreement.agency} takes its database URL from it")
    return os.environ[variable]


def _agreements_of(home: Home) -> Path:
    own = home.folder / "agreements"
    return own if own.is_dir() else _SHIPPED
