"""Where the race is run: one Kafka broker and one PostgreSQL on this machine, for all that take part."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from deploy.dev.cluster import Cluster, start_cluster
from deploy.dev.postgres import Postgres, start_postgres
from tests.benchmarks.kafka.contender import DANCU, Contender, Ground, last_words
from tests.benchmarks.kafka.rules import rules_of, write_agreements
from tests.benchmarks.kafka.topics import PARTITIONS, drop_topics, make_topics
from tests.benchmarks.kafka.watch import Stuck

#: As in service: PostgreSQL waits for the disk. (A Kafka broker never does; it has its fellows for that.)
_DURABLE = {"fsync": "on", "full_page_writes": "on"}


@dataclass(frozen=True, slots=True)
class Arena:
    """The servers, and a folder for what the contenders write."""

    folder: Path
    cluster: Cluster
    postgres: Postgres
    agreements: Path
    rules: Path
    _numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @contextmanager
    def ground(self, contender: Contender) -> Iterator[Ground]:
        """Give a contender names, topics, a folder and (for the hub) a database of its own; the topics go again."""
        number = next(self._numbers)
        connection = self.cluster.connection(f"{contender.name}-{number}.")
        folder = self.folder / f"{contender.name}-{number}"
        folder.mkdir()
        database = None
        make_topics(connection)
        try:
            if contender.is_the_hub:
                self.postgres.make_database(f"hub_{number}")
                database = self.postgres.url(f"hub_{number}")
            ground = Ground(connection, folder, self.rules, self.agreements, database)
            if contender.is_the_hub:
                _make_tables(contender, ground)
            yield ground
        finally:
            drop_topics(connection)

    def servers(self) -> Mapping[str, Sequence[int]]:
        """Return the process ids of the servers, by name."""
        brokers = [broker.program.pid for broker in self.cluster.brokers]
        return {
            "broker": [pid for pid in brokers if pid],
            "PostgreSQL": [pid for pid in [self.postgres.program.pid] if pid],
        }


@contextmanager
def open_arena(folder: Path) -> Iterator[Arena]:
    """Start the servers; they end with us. Raises `Missing` and `DidNotStart`."""
    rules = folder / "rules.json"
    agreements = write_agreements(folder / "agreements")
    rules.write_bytes(rules_of(agreements))
    cluster = start_cluster(folder / "kafka", properties={"num.partitions": str(PARTITIONS)})
    data = Path(tempfile.mkdtemp(prefix="dancu-bench-pg-"))  # as root, its other account must be able to enter
    try:
        data.chmod(0o755)
        postgres = start_postgres(data / "server", _DURABLE)
        try:
            yield Arena(folder, cluster, postgres, agreements, rules)
        finally:
            postgres.stop()
    finally:
        cluster.stop()
        shutil.rmtree(data, ignore_errors=True)


def _make_tables(contender: Contender, ground: Ground) -> None:
    command = [*DANCU, "db", "upgrade"]
    with (ground.folder / f"{contender.name}-upgrade.log").open("wb") as said:
        done = subprocess.run(command, env=ground.environment(contender), stdout=said, stderr=said)
    if done.returncode:
        raise Stuck(f"`dancu db upgrade` ended with {done.returncode}: {last_words(ground.folder, contender.name)}")
