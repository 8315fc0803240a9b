"""One broker of Apache Kafka in KRaft mode, as a process of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

from deploy.dev.jars import archive, jars, java
from deploy.dev.plan import Plan, server_properties
from deploy.dev.problem import DidNotStart
from deploy.dev.program import Program

#: What a broker says when it is known to the controller and all its ports are open, whatever their security.
_READY = re.compile(rb"KafkaRaftServer.*Kafka Server started")
_TOLD = "-Dorg.slf4j.simpleLogger."
_JAVA = (
    "-XX:+UseSerialGC",  # less memory, and fewer threads, for brokers that share a small machine
    "-XX:-UsePerfData",
    "-Xss512k",
    f"{_TOLD}defaultLogLevel=warn",
    f"{_TOLD}log.kafka.server.KafkaRaftServer=info",
    f"{_TOLD}showDateTime=true",
    f"{_TOLD}dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


@dataclass(slots=True)
class Broker:
    """A broker of a plan. Its numbers begin with 1, and are its node id."""

    plan: Plan
    number: int
    program: Program
    #: What goes before the command, such as `ip netns exec NAME`; it must become the broker, not start it.
    prefix: Sequence[str] = ()
    #: MiB
    heap: int = 512
    #: More options for Java.
    options: Sequence[str] = ()
    _said: int = field(default=0, repr=False)

    def formatting(self) -> subprocess.Popen[bytes] | None:
        """Begin to format its data folder, unless that has been done. Raises `Missing`."""
        if (self.plan.broker_folder(self.number) / "data" / "meta.properties").exists():
            return None
        words = ["format", "--cluster-id", self.plan.cluster_id, "--config", self._settings()]
        users = {} if self.plan.security is None else self.plan.security.scram
        for name, password in users.items():
            words += ["--add-scram", f"SCRAM-SHA-512=[name={name},password={password}]"]
        command = [*_java(96, "-XX:TieredStopAtLevel=1"), "kafka.tools.StorageTool", *words]
        with self.program.log.open("ab") as log:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)  # noqa: S603

    def launch(self) -> None:
        """Start it; `wait` then waits until it answers. Raises `Missing` and `DidNotStart`."""
        log = self.program.log
        self._said = log.stat().st_size if log.exists() else 0
        self.program.start([*self.prefix, *_java(self.heap, *self.options), "kafka.Kafka", self._settings()])

    def wait(self, seconds: float = 120) -> None:
        """Wait until it answers; needs most of the brokers running. Raises `DidNotStart`."""
        again = self.program.waiting(f"Kafka broker {self.number}", seconds)
        with self.program.log.open("rb") as log:
            log.seek(self._said)
            said = b""
            while not _READY.search(said):
                again()
                said += log.read()

    def stop(self) -> None:
        """Ask it to end and wait for that. Where the others are gone it can't hand over, and is killed."""
        self.program.end(signal.SIGTERM, 20)

    def kill(self) -> None:
        """Kill it (SIGKILL)."""
        self.program.kill()

    def _settings(self) -> str:
        """Write server.properties anew: it follows from the plan, and from where the folder is now."""
        file = self.plan.broker_folder(self.number) / "server.properties"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(0o600)  # it may hold passwords
        file.write_text(server_properties(self.plan, self.number))
        return str(file)


def format_all(brokers: Sequence[Broker]) -> None:
    """Format the data folders that are new, all at the same time. Raises `Missing` and `DidNotStart`."""
    begun = [(broker, broker.formatting()) for broker in brokers]
    for broker, failed in [(broker, process.wait() != 0) for broker, process in begun if process is not None]:
        if failed:
            said = f"({broker.program.log}):\n{broker.program.last_words()}"
            raise DidNotStart(f"the data folder of Kafka broker {broker.number} can't be formatted {said}")


def _java(heap: int, *options: str) -> list[str]:
    folder = jars()
    shared = [f"-XX:SharedArchiveFile={archive()}"] if archive().exists() else []
    return [java(), f"-Xmx{heap}m", *_JAVA, *shared, *options, "-cp", f"{folder}{os.sep}*"]
