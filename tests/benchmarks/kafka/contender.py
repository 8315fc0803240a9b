"""What runs in the race: how its processes are started, and in which group they read."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.settings import Settings
from hub.eventlog.connection import KafkaConnection
from tests.benchmarks.kafka.rules import AGENCIES
from tests.benchmarks.kafka.topics import PARTITIONS

_ROOT = Path(__file__).parents[3]
DANCU = (sys.executable, "-c", "from deploy.cli import main; main()")

_FAUST = ("--loglevel", "ERROR", "worker", "--without-web")


@dataclass(frozen=True, slots=True)
class Contender:
    """A program that does the job, in one process or more."""

    name: str
    says: str
    command: tuple[str, ...]
    #: Its consumer group, without the prefix.
    group: str = "app"
    #: The group whose members share the partitions, where that is another one.
    members: str | None = None
    processes: int = 1
    #: How many members of the group each process is.
    lanes: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)
    #: Does the same job, so its outputs must be the hub's.
    does_the_job: bool = True
    #: Needs the hub's tables, topics and positions.
    is_the_hub: bool = False


def hub(workers: int) -> Contender:
    """Return this hub with so many workers."""
    return Contender(
        f"hub-{workers}",
        f"the hub, {workers} worker{'s' * (workers > 1)}",
        (*DANCU, "worker"),
        group="pipeline.received",
        members="pipeline.received.members",
        processes=workers,
        lanes=Settings.model_fields["lanes"].default,
        is_the_hub=True,
    )


def faust(python: Path) -> Contender:
    """Return the Faust app."""
    command = (str(python), "-m", "tests.benchmarks.kafka.rivals.faust_app", *_FAUST)
    return Contender("faust", "Faust", command, environment={"FAUST_LOOP": "uvloop"})


def quix(python: Path) -> Contender:
    """Return the Quix Streams app."""
    command = (str(python), "-m", "tests.benchmarks.kafka.rivals.quix_app")
    return Contender("quix", "Quix Streams", command)


def limit(name: str, outputs: float) -> Contender:
    """Return the bare client with so many outputs for each event."""
    command = (sys.executable, "-m", "tests.benchmarks.kafka.limit", str(outputs))
    says = f"bare client, ×{outputs:.2f}"
    return Contender(name, says, command, does_the_job=False)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a contender runs: the cluster under its prefix, the rules, a folder of its own, a database."""

    connection: KafkaConnection
    folder: Path
    rules: Path
    agreements: Path
    database: str | None = None

    def home(self, name: str, number: int = 0) -> Path:
        """Return the home folder of one process: each could be on a machine of its own."""
        return self.folder / f"{name}-{number}"

    def environment(self, contender: Contender, number: int = 0) -> dict[str, str]:
        """Return the environment of one of a contender's processes."""
        for_hub = {
            "DANCU_KAFKA": self.connection.servers,
            "DANCU_TOPIC_PREFIX": self.connection.prefix,
            "DANCU_AGREEMENTS": str(self.agreements),
            "DANCU_HOME": str(self.home(contender.name, number)),
            "DANCU_DATABASE": self.database or "",
        }
        for_others = {
            "BENCH_SERVERS": self.connection.servers,
            "BENCH_PREFIX": self.connection.prefix,
            "BENCH_PARTITIONS": str(PARTITIONS),
            "BENCH_AGENCIES": ",".join(AGENCIES),
            "BENCH_RULES": str(self.rules),
            "BENCH_FOLDER": str(self.folder / "state"),
            **contender.environment,
        }
        return {**os.environ, **(for_hub if contender.is_the_hub else for_others)}


@contextmanager
def running(contender: Contender, ground: Ground) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run a contender's processes; what they say goes into files of the folder. Ends them by SIGTERM."""
    ground.folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        processes = [start(contender, ground, number, stack) for number in range(contender.processes)]
        try:
            yield processes
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                end(process)


def start(contender: Contender, ground: Ground, number: int, stack: ExitStack) -> subprocess.Popen[bytes]:
    """Start one process of a contender."""
    said = stack.enter_context((ground.folder / f"{contender.name}-{number}.log").open("wb"))
    environment = ground.environment(contender, number)
    return subprocess.Popen(contender.command, env=environment, cwd=_ROOT, stdout=said, stderr=said)


def end(process: subprocess.Popen[bytes]) -> None:
    """Wait for a process that was told to end; kill it when it takes too long."""
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def last_words(folder: Path, name: str) -> str:
    """Return the end of what a contender's processes said, for an error message."""
    said = [file.read_text(errors="replace").strip() for file in sorted(folder.glob(f"{name}-*.log"))]
    return "\n".join(text[-1500:] for text in said if text) or "it said nothing"
