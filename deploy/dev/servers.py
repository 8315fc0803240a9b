"""A developer's servers: brokers and PostgreSQL that run in the background until they are told to stop."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploy.dev.cluster import Cluster, cluster_of
from deploy.dev.jars import are_here
from deploy.dev.postgres import Postgres
from deploy.dev.problem import DevProblem
from deploy.dev.program import Program
from deploy.dev.state import State, new_state, read_state, write_state

_DATABASE = "dancu"


@dataclass(frozen=True, slots=True)
class DevServers:
    """How a hub reaches them."""

    #: Kafka's bootstrap servers.
    kafka: str
    #: SQLAlchemy's URL, with the password.
    database: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Background:
    """The servers of one home folder, running or not."""

    folder: Path
    cluster: Cluster
    postgres: Postgres

    def up(self, tell: Callable[[str], None]) -> DevServers:
        """Start what is down, and say so; return how to reach them. Raises `Missing`, `DidNotStart` and OSError."""
        if self.postgres.program.running():
            tell("PostgreSQL: đang chạy rồi / runs already")
        else:
            tell("PostgreSQL: đang khởi động / starting …")
            self.postgres.start()
        self.postgres.make_database(_DATABASE)
        down = self.cluster.down()
        if down:
            names = ", ".join(map(str, down))
            if not are_here():
                tell("Kafka: đang tải về, một lần cho mỗi máy / fetching it, once per machine …")
            tell(f"Kafka {names}: đang khởi động / starting …")
            self.cluster.start(*down)
        else:
            tell("Kafka: đang chạy rồi / runs already")
        return self.reached()

    def reached(self) -> DevServers:
        """Return how to reach them. Raises `DevProblem` if not all of them run."""
        down = [row["server"] for row in self.rows() if not row["running"]]
        if down:
            raise DevProblem(f"not running: {', '.join(down)}. Start it with `dancu dev up`.")
        return DevServers(self.cluster.servers, self.postgres.url(_DATABASE))

    def rows(self) -> list[dict[str, Any]]:
        """Return for each server whether it runs, its process, its address and its log."""
        found = [
            _row(f"kafka {broker.number}", f"{self.cluster.plan.host}:{ports.client}", broker.program)
            for broker, ports in zip(self.cluster.brokers, self.cluster.plan.ports, strict=True)
        ]
        return [*found, _row("postgresql", f"{self.postgres.host}:{self.postgres.port}", self.postgres.program)]

    def stop(self) -> None:
        """Stop all of them; their data stays."""
        self.cluster.stop()
        self.postgres.stop()

    def delete(self) -> None:
        """Delete all their data; they must not run."""
        shutil.rmtree(self.postgres.folder, ignore_errors=True)
        shutil.rmtree(self.folder)


def find(folder: Path) -> Background | None:
    """Return the servers of a folder, or None if there were never any. Raises `DevProblem`."""
    state = read_state(folder)
    return None if state is None else _background(folder, state)


def find_or_make(folder: Path, brokers: int | None) -> Background:
    """Return the servers of a folder, new ones if it has none. Raises `DevProblem` if it has another number."""
    state = read_state(folder)
    if state is None:
        state = new_state(folder, brokers or 1)
        write_state(folder, state)
    elif brokers not in (None, len(state.ports)):
        advice = "Delete them first with `dancu dev down --delete`, or leave --brokers away."
        raise DevProblem(f"there is a cluster with --brokers {len(state.ports)} already. {advice}")
    return _background(folder, state)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let one command at a time start or stop servers of this folder; make the folder. Raises OSError."""
    for private in (folder.parent, folder):
        private.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _background(folder: Path, state: State) -> Background:
    postgres = Postgres(Path(state.postgres_folder), state.postgres_port, outlives=True)
    return Background(folder, cluster_of(state.plan(folder), outlives=True), postgres)


def _row(server: str, address: str, program: Program) -> dict[str, Any]:
    pid = program.pid
    return {"server": server, "running": pid is not None, "pid": pid, "address": address, "log": str(program.log)}
