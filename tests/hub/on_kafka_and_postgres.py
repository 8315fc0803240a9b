"""A small hub on Kafka and PostgreSQL, of which several handles can work at once: like processes, but in threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

import sqlalchemy as sa

from hub.agreements import Agreements
from hub.database import open_database
from hub.eventlog import Batch, Log, LogAway, Outputs, PositionMoved, Record, partition_of
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka import KafkaLog
from hub.patience import Patience
from hub.pipeline import process_batch
from hub.registers import Registers
from hub.registers import tables as t
from hub.routing import Routes
from hub.rules import Rules
from hub.topics import DUPLICATES, MARKS, PIPELINE, PLACES, RECEIVED, REFUSED, WITHHELD, outbox
from tests.hub.making import CATALOGUE, PATIENCE, SHIPPED, Clock, Hub
from tests.kafka import create_topic

PARTITIONS = 6


def make_topics(kafka: KafkaConnection, agencies: Collection[str], partitions: int = PARTITIONS) -> None:
    """Make the topics of a hub."""
    create_topic(kafka, kafka.name(RECEIVED), partitions)
    for topic in (REFUSED, WITHHELD, DUPLICATES, MARKS, PLACES, *map(outbox, agencies)):
        create_topic(kafka, kafka.name(topic))


@contextmanager
def routed_log(kafka: KafkaConnection, engine: sa.Engine) -> Iterator[KafkaLog]:
    """Open a log that routes what is appended, as a process of the hub does."""
    with KafkaLog(kafka) as log:
        log.placing = Routes(engine, log).placing
        yield log


@contextmanager
def shared_hub(
    kafka: KafkaConnection, url: str, agreements: Agreements = SHIPPED, patience: Patience = PATIENCE
) -> Iterator[Hub]:
    """Open a hub whose log and registers others may use too. Its topics are there already."""
    engine = open_database(url)
    try:
        with routed_log(kafka, engine) as log:
            rules = replace(Rules.of(CATALOGUE, agreements, patience))
            yield Hub(log, engine, rules, Clock())
    finally:
        engine.dispose()


class Killed(Exception):
    """What a killed process would be."""


@dataclass(frozen=True, slots=True)
class DyingLog:
    """A log that now and then is killed instead of committing: the registers know what it doesn't."""

    log: KafkaLog
    dies: Iterator[bool]

    def commit(self, batch: Batch, outputs: Outputs) -> None:
        if next(self.dies, False):
            raise Killed
        self.log.commit(batch, outputs)

    def append(self, outputs: Outputs) -> None:
        self.log.append(outputs)

    def read(self, topic: str, group: str, limit: int) -> Batch:
        return self.log.read(topic, group, limit)

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        return self.log.scan(topic, after, limit)

    def extent(self, topic: str, group: str) -> tuple[int, int]:
        return self.log.extent(topic, group)

    def extents(self, topic: str, group: str) -> Sequence[tuple[int, int]]:
        return self.log.extents(topic, group)

    def owned(self, topic: str, group: str) -> Collection[int]:
        return self.log.owned(topic, group)

    def mark(self, producer: str) -> str | None:
        return self.log.mark(producer)


@dataclass(slots=True)
class Worker:
    """What a worker process does, until it is told to stop; after each death a new one begins."""

    kafka: KafkaConnection
    url: str
    rules: Rules
    sizes: Iterator[int]
    dies: Iterator[bool]
    stop: threading.Event
    #: Partitions of which it has committed something.
    worked: set[int]
    deaths: int = 0

    def go(self) -> None:
        """Work."""
        engine = open_database(self.url)
        try:
            while not self.stop.is_set():
                with routed_log(self.kafka, engine) as log, suppress(Killed):
                    log.share(RECEIVED, PIPELINE)
                    self._turn(DyingLog(log, self.dies), Registers(engine))
        finally:
            engine.dispose()

    def _turn(self, log: Log, registers: Registers) -> None:
        while not self.stop.is_set():
            try:
                batch = log.read(RECEIVED, PIPELINE, next(self.sizes, 50))
                if batch.records:
                    process_batch(log, registers, self.rules, batch)
                    self.worked.add(partition_of(batch.last))
            except Killed:
                self.deaths += 1
                raise
            except (PositionMoved, LogAway):
                time.sleep(0.02)


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something that others do."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.05)


def decided(log: Log) -> bool:
    """Whether everything in `received` is decided."""
    return all(committed == last for committed, last in log.extents(RECEIVED, PIPELINE))


def make_tables(url: str) -> None:
    """Make the registers' tables."""
    engine = open_database(url)
    t.metadata.create_all(engine)
    engine.dispose()
