"""Chooses the parts of a hub and puts them together. One screen; everything else gets its parts as arguments."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from adapters.ways import WAYS, Place, WayProblem
from adapters.ways.sql import database_url
from consumers.feed import Feed
from consumers.line import Line
from deploy.databases import Databases, open_databases
from deploy.home import Home
from deploy.settings import BadSetting, Settings
from hub.agreements import load_agreements
from hub.bulk import BulkLane
from hub.contacts import Contacts, Rewinds
from hub.contacts.endpoints import Endpoints
from hub.deliveries import Deliveries
from hub.destination import Destination
from hub.entitlement import Entitlement
from hub.eventlog import Batch, EventLog, Log
from hub.eventlog.sqlite import SqliteLog
from hub.intake.admit import Admission
from hub.intake.desk import Desk
from hub.observe import Observer, each, nobody, quiet
from hub.opening import Opening
from hub.patience import Patience
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.registers.today import Today
from hub.routing import Routes
from hub.rules import Rules
from hub.topics import DELIVER, PIPELINE, RECEIVED, outbox
from hub.waiting import Waiting
from replay.schedule import schedule_of
from schemas.catalogue import load_catalogue

if TYPE_CHECKING:
    from hub.worker import Work

_SHIPPED = Path(__file__).parent / "agreements"


def now_ms() -> int:
    """Return the time in milliseconds since 1970 UTC."""
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts of one hub, put together."""

    settings: Settings
    home: Home
    log: Log
    databases: Databases
    rules: Rules
    line: Line
    #: Told of everything that this process does.
    observe: Observer = nobody

    @property
    def contacts(self) -> Contacts:
        """The contact with each agency."""
        return self.line.contacts

    @property
    def registers_db(self) -> sa.Engine:
        """What the hub knows about events and persons."""
        return self.databases.registers

    @property
    def deliveries_db(self) -> sa.Engine:
        """What became of every event on its way to each agency."""
        return self.databases.deliveries

    @property
    def shared(self) -> bool:
        """Whether other processes, on other machines too, work on the same log."""
        return self.settings.kafka is not None

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Be the only one who runs in this home, where the log is in it."""
        with nullcontext() if self.shared else self.home.claimed():
            yield

    @property
    def agencies(self) -> Sequence[str]:
        """The agencies that have an agreement."""
        return list(self.rules.agreements.by_agency)

    def desk(self) -> Desk:
        """Return the intake desk."""
        desk = Desk(self.log, self.registers_db, Admission(self.rules.catalogue), now_ms)
        desk.observe = self.observe
        return desk

    def lane(self) -> BulkLane:
        """Return the lane of mass runs."""
        return BulkLane(self.log, self.registers_db, self.agencies)

    def waiting(self) -> Waiting:
        """Return the watch over what is kept back."""
        return Waiting(self.log, self.registers_db)

    def entitlement(self) -> Entitlement:
        """Return what says who may still have what was kept back."""
        return Entitlement(self.rules.catalogue, self.rules.agreements, Today(self.registers_db))

    def opening(self) -> Opening:
        """Return what opens feed records for an agency."""
        return Opening(self.rules.catalogue, Today(self.registers_db))

    def work(self, observe: Observer = nobody, on_turn: Callable[[float, int], None] = quiet) -> Work:
        """Return what the worker does. On Kafka it joins those who share the partitions out among them."""
        from hub.worker import Work  # Faust takes as long to load as all else together, and only a run needs it

        registers, waiting = Registers(self.databases.pipeline), self.waiting()
        beside = self._join(RECEIVED, PIPELINE, self.settings.lanes - 1)
        told = each(self.observe, observe)

        def process(log: EventLog, batch: Batch) -> None:
            process_batch(log, registers, self.rules, batch, told)

        return Work(
            log=self.log,
            process=process,
            on_tick=lambda: waiting.tick(now_ms()),
            on_empty=self.lane().let_in,
            datadir=self.home.worker,
            limit=self.settings.batch,
            on_turn=on_turn,
            beside=beside,
        )

    def _join(self, topic: str, group: str, beside: int = 0) -> Sequence[EventLog]:
        """Share a topic's partitions with other processes, if there may be any; return so many further handles."""
        if not self.shared:
            return ()
        from hub.eventlog.kafka import KafkaLog

        assert isinstance(self.log, KafkaLog)  # noqa: S101 - what `shared` means
        self.log.share(topic, group)
        return [self.log.beside(topic, group) for _ in range(beside)]

    @property
    def place(self) -> Place:
        """What the ways of delivery may use of this hub."""
        return Place(self.home.agencies, self.rules.catalogue, os.environ, Endpoints(self.deliveries_db))

    @property
    def pushed(self) -> Sequence[str]:
        """The agencies to which the hub hands events out; the others come and fetch them."""
        return [name for name, a in self.rules.agreements.by_agency.items() if WAYS[a.delivery["way"]].open]

    @property
    def fetching(self) -> Sequence[str]:
        """The agencies that come and fetch their events."""
        return [name for name in self.agencies if name not in self.pushed]

    def destination(self, agency: str) -> Destination:
        """Open an agency's system in the way that its agreement names. Raises `WayProblem`."""
        agreement = self.rules.agreements.by_agency[agency]
        way = WAYS[agreement.delivery["way"]]
        if way.open is None:
            raise WayProblem(f"{agency} fetches its events itself: nothing is handed out by the way {way.name}")
        return way.open(agreement, self.place)

    def agency_url(self, agency: str) -> str:
        """Return where the database of an agency is that has one. Raises `WayProblem`."""
        return database_url(self.rules.agreements.by_agency[agency], self.place)

    def feed(
        self,
        agency: str,
        destination: Destination | None = None,
        observe: Observer = nobody,
        on_turn: Callable[[float], None] = quiet,
    ) -> Feed:
        """Return what handing out one agency's feed takes. On Kafka one process at a time hands out a feed."""
        self._join(outbox(agency), DELIVER)
        return Feed(
            agency=agency,
            log=self.log,
            store=self.line.deliveries,
            destination=destination or self.destination(agency),
            open_events=self.opening(),
            same_person=Today(self.registers_db).numbers_of,
            schedule=schedule_of(self.rules.agreements.by_agency[agency].delivery),
            may_have=self.entitlement(),
            observe=each(self.observe, observe),
            on_turn=on_turn,
            limit=self.settings.delivery_batch,
            line=self.line,
        )


@contextmanager
def open_hub(settings: Settings) -> Iterator[Hub]:
    """Put a hub together. Raises `AgreementProblem`, `SchemaProblem`, `LogUnavailable`, `OldSchema` and the like."""
    settings.require_whole()
    catalogue = load_catalogue()
    home = Home(settings.home)
    agreements = load_agreements(agreements_folder(settings), catalogue)
    home.prepare()
    patience = Patience(join=int(settings.join_window * 1000), previous=int(settings.correction_wait * 1000))
    rules = Rules.of(catalogue, agreements, patience)
    with (
        open_databases(settings, home) as databases,
        _open_log(settings, home, databases.registers) as log,
        closing(Contacts(databases.deliveries)) as contacts,
    ):
        line = Line.of(contacts, Rewinds(databases.deliveries), Deliveries(databases.deliveries), log)
        yield Hub(settings, home, log, databases, rules, line)


@contextmanager
def _open_log(settings: Settings, home: Home, registers: sa.Engine) -> Iterator[Log]:
    connection = settings.kafka_connection()
    if connection is None:
        with SqliteLog(home.log) as embedded:
            yield embedded
        return
    try:
        from hub.eventlog.kafka import KafkaLog  # its client is in the extra `kafka`
    except ModuleNotFoundError as missing:
        raise BadSetting(
            f"DANCU_KAFKA: {missing.name} is not installed. Install the extra: pip install 'dancu-hub[kafka,postgres]'"
        ) from missing
    with KafkaLog(connection) as log:
        log.placing = Routes(registers, log).placing
        yield log


def agreements_folder(settings: Settings) -> Path:
    """Return where the agreements are: as set, else in the home, else the ones shipped."""
    own = settings.home / "agreements"
    return settings.agreements or (own if own.is_dir() else _SHIPPED)
