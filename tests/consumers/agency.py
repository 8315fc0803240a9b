"""A small agency with its own SQLite file, and a feed to it: what the delivery loop is tested with."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

from consumers.feed import Feed
from consumers.line import Clock as LineClock
from consumers.line import Line, Orders
from hub.contacts import Contacts, Rewinds
from hub.database import open_database, sqlite_url
from hub.deliveries import Deliveries, DeliveryBrowser
from hub.deliveries.tables import metadata
from hub.destination import Event, Receipt, Rejection, Unavailable, Unreadable
from hub.eventlog import Message, Outputs, Record
from hub.eventlog.sqlite import SqliteLog
from hub.observe import Happening

AGENCY = "land"


def message(event_id: str, key: str, value: bytes = b"", type_: str = "DeathRegistered") -> Message:
    """Return what the pipeline would put into the outbox."""
    return Message(key, value or event_id.encode(), {"ce_id": event_id, "ce_type": type_})


def event_of(record: Record, *, replayed: bool = False) -> Event:
    """Return the event in a record of `message`."""
    return Event(
        event_id=record.headers["ce_id"],
        type=record.headers["ce_type"],
        source="/registers/civil-status/79",
        subject=record.key,
        occurred_at="2026-01-01T00:00:00.000Z",
        registered_at="2026-01-01T00:00:00.000Z",
        change="CREATED",
        previous_event_id=None,
        fact_id=record.headers["ce_id"],
        fact_version=1,
        bulk_id=None,
        sequence=record.position,
        legal_basis="statute",
        purpose="registration",
        data={"value": record.value},
        replayed=replayed,
    )


def open_events(_agency: str, records: Sequence[Record], *, replayed: bool) -> Sequence[Event | Unreadable]:
    """Open every record, but those whose value is marked as damaged."""
    return [
        Unreadable("bad value") if record.value == b"damaged" else event_of(record, replayed=replayed)
        for record in records
    ]


@dataclass
class Agency:
    """Writes events into a file, each once. It may be down, dislike some events, and fall over others."""

    path: Path
    down: bool = False
    dislikes: set[str] = field(default_factory=set)
    falls_over: set[str] = field(default_factory=set)
    #: The ids of every call, also of those that failed.
    calls: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        with self._open() as database:
            database.execute(
                "CREATE TABLE IF NOT EXISTS applied (ordinal INTEGER PRIMARY KEY, event_id TEXT UNIQUE,"
                " person TEXT, sequence INTEGER, replayed INTEGER, value BLOB)"
            )

    def deliver(self, events: Sequence[Event]) -> Receipt:
        self.calls.append([event.event_id for event in events])
        if self.down or self.falls_over & {event.event_id for event in events}:
            raise Unavailable("connection refused")
        with self._open() as database:
            rejected = [event for event in events if not self._apply(database, event)]
        return Receipt([Rejection(event.event_id, "constraint", "no such title") for event in rejected])

    def _apply(self, database: sqlite3.Connection, event: Event) -> bool:
        known = database.execute("SELECT 1 FROM applied WHERE event_id = ?", (event.event_id,)).fetchone()
        if known:
            return True
        if event.event_id in self.dislikes:
            return False
        row = (event.event_id, event.subject, event.sequence, event.replayed, event.data["value"])
        database.execute(
            "INSERT INTO applied (event_id, person, sequence, replayed, value) VALUES (?, ?, ?, ?, ?)", row
        )
        return True

    def applied(self, columns: str = "event_id") -> list[tuple[object, ...]]:
        """Return the rows in the order in which they were applied."""
        with self._open() as database:
            return database.execute(f"SELECT {columns} FROM applied ORDER BY ordinal").fetchall()

    @property
    def ids(self) -> list[str]:
        """The ids of the events applied, in that order."""
        return [str(row[0]) for row in self.applied()]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        database = sqlite3.connect(self.path, isolation_level=None, timeout=30)
        try:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute("BEGIN IMMEDIATE")
            yield database
            database.execute("COMMIT")
        finally:
            database.close()


class Clock:
    """Stands still unless told otherwise. Seconds since 1970 UTC."""

    def __init__(self) -> None:
        self.seconds = 1_800_000_000.0

    def __call__(self) -> float:
        return self.seconds

    @property
    def now(self) -> int:
        """Milliseconds since 1970 UTC."""
        return int(self.seconds * 1000)


@dataclass
class Scene:
    """An agency, its feed, and what the hub notes about it."""

    log: SqliteLog
    engine: sa.Engine
    agency: Agency
    feed: Feed
    clock: Clock
    happenings: list[Happening] = field(default_factory=list)

    @property
    def store(self) -> Deliveries:
        return self.feed.store

    @property
    def browser(self) -> DeliveryBrowser:
        return DeliveryBrowser(self.engine)

    def publish(self, *messages: Message) -> None:
        """Append to the agency's outbox."""
        self.log.append(Outputs({self.feed.topic: messages}))

    def change(self, **changes: object) -> None:
        """Let the feed be otherwise from now on."""
        self.feed = replace(self.feed, **changes)  # type: ignore[arg-type]

    def join(self) -> Line:
        """Let contacts be noted (written when told) and orders be followed at once."""
        contacts, rewinds = Contacts(self.engine, every=3600), Rewinds(self.engine)
        line = Line(
            contacts,
            rewinds,
            self.store,
            Orders(contacts, rewinds, self.store, every=0.0, clock=LineClock(time=self.clock)),
            self.log,
        )
        self.change(line=line)
        return line

    def close(self) -> None:
        self.log.close()
        self.engine.dispose()


def build(folder: Path, clock: Callable[[], float] | None = None) -> Scene:
    """Return the scene in a folder; what is there already is used."""
    log = SqliteLog(folder / "log.db")
    engine = open_database(sqlite_url(folder / "hub.db"))
    metadata.create_all(engine)
    agency = Agency(folder / "agency.db")
    still = Clock()
    happenings: list[Happening] = []

    def observe(happening: Happening) -> None:
        happenings.append(happening)

    feed = Feed(AGENCY, log, Deliveries(engine), agency, open_events, observe=observe, clock=clock or still)
    return Scene(log, engine, agency, feed, still, happenings)
