"""A cluster of Kafka brokers on this machine, whose brokers can be killed and brought back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.dev.broker import Broker, format_all
from deploy.dev.plan import BROKER_USER, Plan, new_plan
from deploy.dev.program import Program
from deploy.dev.security import Security
from hub.eventlog.connection import KafkaConnection


@dataclass(frozen=True, slots=True)
class Cluster:
    """Brokers with the numbers 1, 2, … Each keeps its data and ports when it is stopped or killed."""

    plan: Plan
    brokers: tuple[Broker, ...]

    @property
    def servers(self) -> str:
        """The bootstrap servers for clients."""
        return self.plan.servers()

    def connection(self, prefix: str = "") -> KafkaConnection:
        """Return how to reach a cluster without security as a client."""
        return KafkaConnection(self.servers, prefix=prefix)

    def admin(self, prefix: str = "") -> KafkaConnection:
        """Return how to reach it as somebody who may do everything, whatever its security is."""
        servers = self.plan.internal_servers()
        if self.plan.security is None:
            return KafkaConnection(servers, prefix=prefix)
        login = {"sasl.mechanism": "PLAIN", "sasl.username": BROKER_USER, "sasl.password": self.plan.password}
        return KafkaConnection(servers, {"security.protocol": "SASL_PLAINTEXT", **login}, prefix)

    def start(self, *numbers: int) -> None:
        """Start these brokers (all unless told) and wait until they answer, which needs a majority that runs.

        Raises `Missing` and `DidNotStart`.
        """
        chosen = self._chosen(numbers)
        format_all(chosen)
        for broker in chosen:
            broker.launch()
        for broker in chosen:
            broker.wait()

    def stop(self, *numbers: int) -> None:
        """Ask these brokers (all unless told) to end, and wait for that."""
        chosen = self._chosen(numbers)
        with ThreadPoolExecutor(len(chosen)) as threads:
            list(threads.map(Broker.stop, chosen))

    def kill(self, *numbers: int) -> None:
        """Kill these brokers (all unless told) with SIGKILL."""
        for broker in self._chosen(numbers):
            broker.kill()

    def down(self) -> tuple[int, ...]:
        """Return the numbers of the brokers that don't run."""
        return tuple(broker.number for broker in self.brokers if not broker.program.running())

    def _chosen(self, numbers: Sequence[int]) -> list[Broker]:
        return [self.brokers[number - 1] for number in numbers] or list(self.brokers)


def start_cluster(
    folder: Path,
    brokers: int = 1,
    properties: Mapping[str, str] | None = None,
    security: Security | None = None,
    host: str = "127.0.0.1",
    prefix: Sequence[str] = (),
) -> Cluster:
    """Start new brokers that die with this process, and wait until they answer.

    `properties` are Kafka's server properties for all of them, and go before ours. `host` is the address of this
    machine (or of the network namespace that `prefix` enters) where they listen. Raises `Missing` and `DidNotStart`.
    """
    plan = new_plan(folder, brokers, host=host, properties=dict(properties or {}), security=security)
    cluster = cluster_of(plan, prefix=prefix)
    try:
        cluster.start()
    except BaseException:
        cluster.kill()
        raise
    return cluster


def cluster_of(plan: Plan, prefix: Sequence[str] = (), outlives: bool = False) -> Cluster:
    """Return the cluster of a plan, running or not; `outlives` is for brokers that go on when we end."""
    heap = 512 if len(plan.ports) == 1 else 320  # MiB
    programs = (Program(plan.broker_folder(number), outlives) for number in range(1, len(plan.ports) + 1))
    return Cluster(
        plan, tuple(Broker(plan, number, program, prefix, heap) for number, program in enumerate(programs, 1))
    )
