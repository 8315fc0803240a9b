"""The registers of a log with several partitions: each is remembered and forgotten by itself."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from hub.database import open_database, sqlite_url
from hub.eventlog import Batch, Outputs, PositionMoved, Record, start_of
from hub.outcome import Outcome
from hub.patience import Patience
from hub.pipeline import process_batch
from hub.registers import Registers, due
from hub.registers import tables as t
from hub.registers.past import Past
from hub.rules import Rules
from hub.topics import PIPELINE, RECEIVED
from tests.hub.making import CATALOGUE, GRANT, HOA, LAN, MAI, MOVE, NOW, SHIPPED, Event, admitted, event, next_of

RULES = replace(Rules.of(CATALOGUE, SHIPPED, Patience(join=5_000, previous=30_000)))
MOVED = event("ResidenceChanged", "m1", MOVE)
#: A correction whose original has not come: it is kept back.
ORPHAN = next_of(event("ResidenceChanged", "m0", MOVE, subject=MAI), "o1", "CORRECTED")
HOUR = 3_600_000


class Died(Exception):
    """What a killed process would be."""


@dataclass
class Partition:
    """One partition of a log, kept in memory: enough for the registers to work with."""

    number: int
    records: list[Record] = field(default_factory=list)
    committed: int = 0
    dies: bool = False
    wrote: dict[str, list[Any]] = field(default_factory=dict)

    def append(self, sent: Event, at: int = NOW) -> None:
        message = admitted(sent)
        position = start_of(self.number) + len(self.records) + 1
        self.records.append(Record(position, at, message.key, message.value, message.headers))

    def read(self, topic: str, group: str, limit: int) -> Batch:
        records = self.records[self.committed : self.committed + limit]
        return Batch(topic, group, start_of(self.number) + self.committed, records)

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        if self.dies:
            raise Died
        self.committed += len(batch.records)
        for topic, messages in outputs.messages.items():
            self.wrote.setdefault(topic, []).extend(messages)

    def ids(self, topic: str) -> list[str]:
        return [message.headers["ce_id"] for message in self.wrote.get(topic, ())]


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[sa.Engine]:
    sqlite = request.param == "sqlite"
    engine = open_database(sqlite_url(tmp_path / "x.db") if sqlite else request.getfixturevalue("postgres_url"))
    t.metadata.create_all(engine)
    yield engine
    engine.dispose()


def decide(engine: sa.Engine, log: Partition, registers: Registers | None = None) -> None:
    """Decide about the next records of a partition."""
    process_batch(log, registers or Registers(engine), RULES, log.read(RECEIVED, PIPELINE, 100))  # type: ignore[arg-type]


def rows(engine: sa.Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Return everything that the registers know."""
    tables = (t.events, t.set_aside, t.held, t.numbers, t.consents, t.protections, t.residences, t.tallies, t.progress)
    with engine.connect() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(sa.select(table))), key=repr)
            for table in tables
        }


def a_bit_of_everything(log: Partition, person: str, name: str) -> None:
    moved = event("ResidenceChanged", f"{name}-move", MOVE, subject=person)
    protected = {"level": "STRICT", "valid_from": "2025-08-05"}
    numbers = {"old_number": person, "new_number": HOA, "changed_on": "2025-08-05"}
    for sent in (
        moved,
        moved,
        event("ConsentGranted", f"{name}-consent", GRANT, subject=person),
        event("AddressProtectionChanged", f"{name}-protection", protected, subject=person),
        next_of(moved, f"{name}-orphan", "CORRECTED", previousid="never"),
        event("PersonalNumberChanged", f"{name}-number", numbers, subject=HOA),
    ):
        log.append(sent)


@pytest.mark.parametrize(("kept", "lost"), [(0, 1), (1, 0), (1, 2)])
def test_forgetting_what_one_partition_never_committed_leaves_the_others_alone(
    engine: sa.Engine, kept: int, lost: int
) -> None:
    stays, dies = Partition(kept), Partition(lost, dies=True)
    a_bit_of_everything(stays, LAN, "stays")
    while stays.committed < len(stays.records):
        decide(engine, stays)
    before = rows(engine)
    assert all(before.values()), {name for name, found in before.items() if not found}
    a_bit_of_everything(dies, MAI, "dies")
    dies.records = dies.records[:5]  # the change of numbers is Lan's and Hoà's
    with pytest.raises(Died):
        decide(engine, dies)
    assert rows(engine) != before
    registers = Registers(engine)
    with registers.as_of(start_of(lost), lambda: start_of(lost)):
        pass
    after = rows(engine)
    in_lost = [row for row in after["progress"] if row[1] == lost]
    assert in_lost == [(RECEIVED, lost, start_of(lost))]
    after["progress"].remove(in_lost[0])
    assert after == before
    dies.dies = False
    decide(engine, dies)
    assert dies.ids("outbox.tax") == ["dies-move", "dies-protection"]


def test_an_event_that_two_partitions_meet_at_once_is_a_duplicate_for_one_of_them(postgres_url: str) -> None:
    engine = open_database(postgres_url)
    t.metadata.create_all(engine)
    both = threading.Barrier(2)

    class AtOnce(Registers):
        met = False

        def remember(self, batch: Batch, outcome: Outcome, past: Past) -> None:
            if not self.met:
                self.met = True
                both.wait(20)  # both have looked, and none has met the event
            super().remember(batch, outcome, past)

    def work(log: Partition) -> int:
        registers, lost = AtOnce(engine), 0
        while not log.committed:
            try:
                decide(engine, log, registers)
            except PositionMoved:
                lost += 1
        return lost

    logs = [Partition(0), Partition(3)]
    for log, person in zip(logs, (LAN, MAI), strict=True):
        log.append(MOVED | {"subject": person})
    with ThreadPoolExecutor(2) as crew:
        assert sorted(crew.map(work, logs)) == [0, 1]
    assert sorted(log.ids("outbox.tax") for log in logs) == [[], ["m1"]]
    assert sorted(log.ids("duplicates") for log in logs) == [[], ["m1"]]
    found = rows(engine)
    assert len(found["events"]) == 1
    assert [row[4:6] for row in found["set_aside"]] == [("duplicate", "event_id")]
    engine.dispose()


class TestWhoeverHasMoved:
    """What partition 1 kept back of Mai, whose events go to partition 3 from some moment on."""

    def test_is_taken_over_with_what_was_kept_back_and_goes_out_in_order(self, engine: sa.Engine) -> None:
        old, new = _moved_to(engine)
        found = {row.held_at: row.released_at for row in _held(engine, "o1")}
        assert found == {start_of(1) + 1: start_of(3) + 1, start_of(3) + 1: None}
        new.append(event("ResidenceChanged", "m0", MOVE, subject=MAI))
        decide(engine, new)
        assert new.ids("outbox.tax") == ["m0", "o1"]
        assert new.ids("outbox.insurance") == ["m0", "o1", "x1"]
        assert old.ids("outbox.tax") == []
        assert [row.released_at for row in _held(engine, "o1")].count(None) == 0

    def test_is_put_back_when_the_new_partition_never_committed(self, engine: sa.Engine) -> None:
        before: list[dict[str, Any]] = []

        def note() -> None:
            before.append(rows(engine))

        _, new = _moved_to(engine, dies=True, note=note)
        assert rows(engine)["held"] != before[0]["held"]
        with Registers(engine).as_of(start_of(3), lambda: start_of(3)):
            pass
        after = rows(engine)
        for name in ("held", "events", "tallies"):
            assert after[name] == before[0][name]
        new.dies = False
        decide(engine, new)
        new.append(event("ResidenceChanged", "m0", MOVE, subject=MAI))
        decide(engine, new)
        assert new.ids("outbox.insurance") == ["m0", "o1", "x1"]

    def test_the_old_partition_forgets_without_taking_it_back(self, engine: sa.Engine) -> None:
        """A batch of partition 1 that died after Mai had gone to 3 has nothing to do with her."""
        old, _ = _moved_to(engine)
        before = rows(engine)["held"]
        old.dies = True
        old.append(event("ResidenceChanged", "other", MOVE, subject=LAN))
        with pytest.raises(Died):
            decide(engine, old)
        with Registers(engine).as_of(start_of(1) + 1, lambda: start_of(1) + 1):
            pass
        assert rows(engine)["held"] == before


def _moved_to(
    engine: sa.Engine, *, dies: bool = False, note: Callable[[], None] = lambda: None
) -> tuple[Partition, Partition]:
    old, new = Partition(1), Partition(3)
    old.append(ORPHAN)
    decide(engine, old)
    new.append(event("CardVerified", "x1", subject=MAI))
    note()
    new.dies = dies
    try:
        decide(engine, new)
    except Died:
        assert dies
    return old, new


def _held(engine: sa.Engine, event_id: str) -> Sequence[Any]:
    c = t.held.c
    query = sa.select(t.held).join(t.events, t.events.c.position == c.position)
    with engine.connect() as connection:
        return connection.execute(query.where(t.events.c.event_id == event_id).order_by(c.held_at)).all()


class TestDue:
    def test_what_is_kept_back_is_let_go_by_its_own_partition_in_time(self, engine: sa.Engine) -> None:
        _keep_orphan(engine)
        assert _due(engine, NOW + 29_999) == []
        assert _due(engine, NOW + 30_000) == [1]
        for number, expected in ((0, []), (2, []), (1, ["o1"])):
            assert _let_go(engine, number, NOW + 30_000) == expected

    def test_of_a_person_who_was_moved_by_the_new_partition_and_much_later(self, engine: sa.Engine) -> None:
        _keep_orphan(engine)
        _route(engine, 3)
        assert _due(engine, NOW + 30_000 + HOUR - 1) == []
        assert _due(engine, NOW + 30_000 + HOUR) == [3]
        assert _let_go(engine, 1, NOW + 30_000 + HOUR) == []
        assert _let_go(engine, 3, NOW + 30_000) == []
        assert _let_go(engine, 3, NOW + 30_000 + HOUR) == ["o1"]

    def test_a_route_to_where_it_is_kept_anyway_changes_nothing(self, engine: sa.Engine) -> None:
        _keep_orphan(engine)
        _route(engine, 1)
        assert _due(engine, NOW + 30_000) == [1]
        assert _let_go(engine, 1, NOW + 30_000) == ["o1"]


def _keep_orphan(engine: sa.Engine) -> None:
    log = Partition(1)
    log.append(ORPHAN)
    decide(engine, log)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(t.held).where(due.waits)) == 1


def _route(engine: sa.Engine, part: int) -> None:
    with engine.begin() as connection:
        row = {"number": MAI, "cluster": MAI, "partition": part, "after": ""}
        connection.execute(sa.insert(t.routes), row)


def _due(engine: sa.Engine, now: int) -> list[int]:
    query = sa.select(due.partition).select_from(due.source).where(due.waits, due.due_at(now))
    with engine.connect() as connection:
        return list(connection.scalars(query))


def _let_go(engine: sa.Engine, number: int, at: int) -> list[str]:
    """Return what an event of somebody else in a partition lets go at a time; it is forgotten again."""
    log = Partition(number)
    if number == 1:
        log.append(ORPHAN)
        log.committed = 1
    log.append(event("ResidenceChanged", f"other-{number}-{at}", MOVE, subject=LAN), at)
    decide(engine, log)
    before = log.records[-1].position - 1
    with Registers(engine).as_of(before, lambda: before):  # as if it had never been committed
        pass
    return [event_id for event_id in log.ids("outbox.tax") if event_id == "o1"]
