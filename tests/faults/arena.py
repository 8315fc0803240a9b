"""Where faults happen: a Kafka cluster, a PostgreSQL and agencies' systems of its own, and the hub's processes."""

from __future__ import annotations

import logging
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.lines import SourceLine
from deploy.demo.show import stream
from deploy.dev.cluster import Cluster, start_cluster
from deploy.dev.postgres import Postgres
from tests.faults.gauge import Gauge
from tests.faults.ground import prepare
from tests.faults.process import OURS, Process, await_that, is_at_work
from tests.faults.supply import Supply
from tests.faults.verdict import Verdict, check_said, judge
from tests.kafka import need_kafka
from tests.postgres import a_postgres

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Arena:
    """Everything that a fault needs. Made by `arena`, and gone with it."""

    folder: Path
    cluster: Cluster
    postgres: Postgres
    #: What every process of the hub gets; a process may get more (`make`).
    environment: dict[str, str]
    supply: Supply
    gauge: Gauge
    processes: dict[str, Process] = field(default_factory=dict)
    #: Kills (SIGKILL) of living processes at work, by kind: worker, deliver, ingest, …
    kills: Counter[str] = field(default_factory=Counter)
    #: Since when standstill is measured: `busy` begins anew.
    began: float = field(default_factory=time.monotonic)

    @property
    def home(self) -> Path:
        """The home folder of all processes."""
        return self.folder / "home"

    def make(
        self,
        name: str,
        *words: str,
        prefix: Sequence[str] = (),
        settings: Mapping[str, str] | None = None,
    ) -> Process:
        """Return a process of this name, not started yet; `settings` are further environment variables."""
        environment = {**self.environment, **(settings or {})}
        log = self.folder / f"{name}.said"
        self.processes[name] = Process(name, words, environment, log, prefix)
        return self.processes[name]

    def start(self, name: str, *words: str, prefix: Sequence[str] = (), **more: str) -> Process:
        """Start a process of this name: `arena.start("worker1", "worker")`; `more` are environment variables."""
        process = self.make(name, *words, prefix=prefix, settings=more)
        process.start()
        return process

    def workers(self, count: int) -> list[Process]:
        """Start so many workers more, that share the partitions."""
        return [self.start(f"worker{self._next('worker')}", "worker") for _ in range(count)]

    def deliveries(self, count: int) -> list[Process]:
        """Start so many processes more that hand out, each ready for all feeds."""
        return [self.start(f"deliver{self._next('deliver')}", "deliver", "--all") for _ in range(count)]

    def busy(
        self, workers: int = 2, deliveries: int = 2, ahead: int = 3000, pace: float | None = None
    ) -> list[Process]:
        """Start all processes and the supply (`Supply.begin`); wait until events are decided and handed out."""
        self.supply.begin(ahead, pace)
        started = [*self.workers(workers), *self.deliveries(deliveries)]
        self.await_progress()
        self.began = time.monotonic()
        return started

    def kill(self, process: Process) -> bool:
        """Kill a process. It counts when it was at work: with partitions of its own, or taking a file in."""
        kind = process.name.rstrip("0123456789")
        at_work = process.alive and is_at_work(process)
        killed = process.kill()
        self.kills[kind] += killed and at_work
        return killed and at_work

    def await_progress(self, decided: int = 1, delivered: int = 1, seconds: float = 120) -> None:
        """Wait until so many events more are decided and so many deliveries more are made."""
        at, done = self.gauge.decided + decided, self.gauge.delivered + delivered
        self.await_that(lambda: self.gauge.decided >= at, f"{decided} events more are decided", seconds)
        self.await_that(lambda: self.gauge.delivered >= done, f"{delivered} deliveries more are made", seconds)

    def await_that(self, condition: object, what: str, seconds: float = 120) -> None:
        """Wait for something while the supply works. Fails with `what`."""
        assert callable(condition)

        def so() -> bool:
            if self.supply.failure is not None:
                raise self.supply.failure
            return bool(condition())

        await_that(so, what, seconds)

    def finish(self, name: str, seconds: float = 600) -> Verdict:
        """End the supply and all processes, let everything settle, compare with the model, and tell the figures.

        Fails when something was lost or doubled, a person's order is broken, or a process said what nobody may read.
        """
        until = time.monotonic()
        self.supply.end()
        for process in self.processes.values():
            if process.alive:
                process.signal(signal.SIGCONT)
                process.signal(signal.SIGTERM)
        ended = {process.name: process.wait(60) for process in self.processes.values() if process.was_started}
        wrong = {name: code for name, code in ended.items() if not self._may_end(self.processes[name], code)}
        assert not wrong, f"ended badly: {wrong}: {[self.processes[name].said()[-800:] for name in wrong]}"
        last = self.start("last", "run", "--until-idle", DANCU_BATCH="500", DANCU_DELIVERY_BATCH="500")
        assert last.wait(seconds) == 0, last.said()[-2000:]
        lines = self.supply.lines[: self.supply.sent]
        verdict = judge(name, lines, self.environment, self.kills, self.gauge.standstill(self.began, until))
        _LOG.warning("%s", verdict)
        check_said(self.processes.values())
        assert verdict.differences == [], verdict.differences[:20]
        return verdict

    def said(self, words: str) -> list[str]:
        """Return the names of the processes that have said this, ever."""
        return [process.name for process in self.processes.values() if words in process.said(all_lives=True)]

    def _may_end(self, process: Process, code: int) -> bool:
        """Whether it ended as it should: by itself, killed by us, or asked to end before it could listen."""
        return code in (0, -signal.SIGKILL) or (code == -signal.SIGTERM and OURS not in process.said())

    def _next(self, kind: str) -> int:
        return 1 + sum(name.rstrip("0123456789") == kind for name in self.processes)


@contextmanager
def arena(
    folder: Path,
    *,
    brokers: int = 1,
    properties: Mapping[str, str] | None = None,
    partitions: int = 6,
    events: int = 20_000,
    seed: int = 1,
    host: str = "127.0.0.1",
    prefix: Sequence[str] = (),
    postgres_settings: Mapping[str, str] | None = None,
) -> Iterator[Arena]:
    """Build an arena in a folder, with up to so many events; at the end nothing of it is left running."""
    need_kafka()
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        postgres = stack.enter_context(a_postgres(postgres_settings))
        cluster = start_cluster(folder / "kafka", brokers, properties, None, host, prefix)
        stack.callback(shutil.rmtree, folder / "kafka", ignore_errors=True)
        stack.callback(cluster.kill)
        environment = prepare(folder, cluster, postgres, partitions)
        gauge = stack.enter_context(Gauge(postgres.url("hub")).running())
        made = Arena(folder, cluster, postgres, environment, _supply(folder, list(stream(events, seed))), gauge)
        made.supply.make = lambda file: made.make(f"ingest{made.supply.sent}", "ingest", str(file), "--json")
        made.supply.decided = lambda: gauge.decided
        stack.callback(_end_all, made)
        yield made


def _supply(folder: Path, lines: Sequence[SourceLine]) -> Supply:
    def unknown(_: Path) -> Process:
        raise AssertionError("the arena says how")

    return Supply(folder, lines, unknown, lambda: 0)


def _end_all(arena: Arena) -> None:
    """Leave nothing running, whatever has happened."""
    arena.supply.give_up()
    for process in arena.processes.values():
        process.kill()
