"""Two agencies that don't take everything, and an office where replays are planned, approved and run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import sqlalchemy as sa

import hub.audit.tables
import hub.contacts.tables
import hub.replays.tables
from consumers.feed import Feed
from consumers.loop import deliver_once
from hub.audit import entries_of
from hub.database import open_database, reading, sqlite_url
from hub.deliveries import Deliveries, DeliveryBrowser
from hub.deliveries.tables import metadata
from hub.destination import Unavailable
from hub.eventlog import Message, Outputs, Record
from hub.eventlog.sqlite import SqliteLog
from hub.intake.desk import Taken
from hub.registers import tables as t
from hub.replays import Kind, Move, Replay, Replays, ReplayState
from replay.desk import Desk, Limits
from replay.failures import Failures
from replay.refused import RefusedEvents
from replay.runner import Runner
from replay.selection import Selection
from replay.taking_in import Door
from replay.verdict import Judge
from tests.consumers.agency import Agency, Clock, message, open_events

__all__ = ["hub"]
AGENCIES = ("land", "tax")
ALL = Selection(everything=True)


@dataclass
class Office:
    """Everything that replays need, with a clock that stands still."""

    log: SqliteLog
    engine: sa.Engine
    registers: sa.Engine
    feeds: dict[str, Feed]
    clock: Clock
    #: Position → reason: what no agency may have any more.
    barred: dict[int, str] = field(default_factory=dict)
    #: Which numbers are one person's.
    persons: list[set[str]] = field(default_factory=list)
    threshold: int = 100
    quarantine: int = 3

    def numbers_of(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return {key: next((sorted(p) for p in self.persons if key in p), [key]) for key in keys}

    def may_have(self, _agency: str, records: Sequence[Record]) -> Mapping[int, str]:
        return {r.position: self.barred[r.position] for r in records if r.position in self.barred}

    @property
    def replays(self) -> Replays:
        return Replays(self.engine)

    @property
    def judge(self) -> Judge:
        return Judge(self.engine, self.registers, self.numbers_of, self.may_have, self.quarantine)

    @property
    def refused(self) -> RefusedEvents:
        return RefusedEvents(self.log, self.registers, self.numbers_of)

    @property
    def desk(self) -> Desk:
        return Desk(
            self.replays, self.judge, self.refused, self.numbers_of, AGENCIES, lambda: self.clock.now, self.threshold
        )

    @property
    def failures(self) -> Failures:
        return Failures(self.engine, self.registers, self.numbers_of)

    @property
    def browser(self) -> DeliveryBrowser:
        return DeliveryBrowser(self.engine)

    def runner(self, name: str = "first") -> Runner:
        def nobody(*_: object) -> Taken:
            raise AssertionError("no refused event is taken in here")

        return Runner(self.replays, self.judge, Door(self.refused, nobody), lambda: self.clock.now, name)

    def agency(self, name: str = "land") -> Agency:
        found = self.feeds[name].destination
        assert isinstance(found, Agency)
        return found

    def publish(self, *messages: Message, agency: str = "land") -> None:
        self.log.append(Outputs({f"outbox.{agency}": messages}))

    def park(self, *event_ids: str, agency: str = "land", type_: str = "DeathRegistered") -> None:
        """Let an agency reject events, each of a person named after it."""
        self.agency(agency).dislikes |= set(event_ids)
        self.publish(*(message(one, f"p-{one}", type_=type_) for one in event_ids), agency=agency)
        self.deliver()

    def mend(self) -> None:
        """Let the agencies take everything."""
        for name in self.feeds:
            self.agency(name).dislikes.clear()

    def deliver(self) -> None:
        """Hand out everything that can be handed out now."""
        for feed in self.feeds.values():
            try:
                while not deliver_once(feed).idle:
                    ...
            except Unavailable:
                pass

    def plan(self, selection: Selection = ALL, by: str = "lan", limits: Limits | None = None) -> Replay:
        return self.desk.plan(Kind.DELIVERIES, selection, by, "titles were repaired", limits or Limits())

    def approved(self, selection: Selection = ALL, limits: Limits | None = None) -> str:
        planned = self.plan(selection, limits=limits)
        return self.desk.approve(planned.id, "minh", "looked at some").id

    def started(self, selection: Selection = ALL, limits: Limits | None = None) -> str:
        return self.desk.move(self.approved(selection, limits), Move.STARTED, "lan", None).id

    def finish(self, replay_id: str, runner: Runner | None = None) -> Replay:
        """Work until the replay has ended; time goes on by a second a turn."""
        runner = runner or self.runner()
        for _ in range(1000):
            moved = runner.turn()
            self.deliver()
            if (found := self.replays.find(replay_id)).state is not ReplayState.RUNNING:
                return found
            if not moved:
                self.clock.seconds += 1
        raise AssertionError("it does not end")

    def told(self, replay_id: str) -> dict[str, int]:
        """Return the counts of a replay by name."""
        counts = self.replays.find(replay_id).counts
        return {
            f"{state}:{why}" if why else str(state): count for (state, why), count in sorted(counts.items(), key=str)
        }

    def trail(self, subject: str) -> list[tuple[str, str]]:
        """Return who did what to a replay."""
        with reading(self.engine) as connection:
            return [(one.entry.by, one.entry.action) for one in entries_of(connection, subject)]


@contextmanager
def an_office(folder: Path, url: str | None = None) -> Iterator[Office]:
    """Open the office in a folder; what is there already is used."""
    engine = open_database(url or sqlite_url(folder / "deliveries.db"))
    registers = open_database(url or sqlite_url(folder / "registers.db"))
    metadata.create_all(engine)
    t.metadata.create_all(registers)
    clock = Clock()
    try:
        with SqliteLog(folder / "log.db", clock=lambda: clock.now) as log:
            feeds = {
                name: Feed(name, log, Deliveries(engine), Agency(folder / f"{name}.db"), open_events, clock=clock)
                for name in AGENCIES
            }
            office = Office(log, engine, registers, feeds, clock)
            for name, feed in feeds.items():
                feeds[name] = replace(feed, same_person=office.numbers_of, may_have=office.may_have)
            yield office
    finally:
        engine.dispose()
        registers.dispose()
