"""What a cluster for development or tests looks like, and the settings of each of its brokers that follow from it."""

from __future__ import annotations

import base64
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from deploy.dev.ports import free_ports
from deploy.dev.security import Security

#: The brokers' own user where clients have to prove who they are.
BROKER_USER = "broker"
_PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


class Ports(NamedTuple):
    """Where one broker listens: to clients, to the other brokers (and to admins), and as a controller."""

    client: int
    internal: int
    controller: int


@dataclass(frozen=True, slots=True)
class Plan:
    """One to many brokers, each a controller too. Nothing of it may change once the cluster has data."""

    folder: Path
    ports: tuple[Ports, ...]
    cluster_id: str
    host: str = "127.0.0.1"
    properties: Mapping[str, str] = field(default_factory=dict)
    security: Security | None = None
    #: The password of the brokers' own user.
    password: str = field(default="", repr=False)

    def servers(self) -> str:
        """Return the bootstrap servers for clients."""
        return ",".join(f"{self.host}:{ports.client}" for ports in self.ports)

    def internal_servers(self) -> str:
        """Return the bootstrap servers of the brokers among themselves."""
        return ",".join(f"{self.host}:{ports.internal}" for ports in self.ports)

    def broker_folder(self, number: int) -> Path:
        """Return where a broker (1, 2, …) keeps its data, log and settings."""
        return self.folder / f"broker{number}"


def new_plan(folder: Path, brokers: int, **more: object) -> Plan:
    """Choose ports, an id and a password for a new cluster; `more` has further fields of `Plan`."""
    found = iter(free_ports(3 * brokers))
    ports = tuple(Ports(next(found), next(found), next(found)) for _ in range(brokers))
    cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return Plan(folder.absolute(), ports, cluster_id.replace("-", "A"), password=secrets.token_hex(16), **more)  # type: ignore[arg-type]


def server_properties(plan: Plan, number: int) -> str:
    """Return the text of a broker's server.properties."""
    lines = {**_places(plan, number), **_sizes(len(plan.ports)), **_secured(plan), **plan.properties}
    return "".join(f"{name}={_escaped(value)}\n" for name, value in lines.items())


def _places(plan: Plan, number: int) -> dict[str, str]:
    own, host = plan.ports[number - 1], plan.host
    voters = (f"{which}@{host}:{ports.controller}" for which, ports in enumerate(plan.ports, 1))
    clients = f"CLIENT://{host}:{own.client},INTERNAL://{host}:{own.internal}"
    client = "PLAINTEXT" if plan.security is None else plan.security.protocol
    internal = "PLAINTEXT" if plan.security is None else "SASL_PLAINTEXT"
    return {
        "process.roles": "broker,controller",
        "node.id": str(number),
        "controller.quorum.voters": ",".join(voters),
        "listeners": f"{clients},CONTROLLER://{host}:{own.controller}",
        "advertised.listeners": clients,
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "INTERNAL",
        "listener.security.protocol.map": f"CLIENT:{client},INTERNAL:{internal},CONTROLLER:{internal}",
        "log.dirs": str(plan.broker_folder(number) / "data"),
    }


def _sizes(brokers: int) -> dict[str, str]:
    """Return settings that answer fast on a small machine, and lose nothing when one of three is dead."""
    copies, enough = str(min(brokers, 3)), str(2 if brokers >= 3 else 1)
    return {
        "auto.create.topics.enable": "false",
        "default.replication.factor": copies,
        "min.insync.replicas": enough,
        "offsets.topic.replication.factor": copies,
        "offsets.topic.num.partitions": "4",
        "transaction.state.log.replication.factor": copies,
        "transaction.state.log.min.isr": enough,
        "transaction.state.log.num.partitions": "4",
        "share.coordinator.state.topic.replication.factor": copies,
        "share.coordinator.state.topic.min.isr": enough,
        "share.coordinator.state.topic.num.partitions": "1",
        "group.initial.rebalance.delay.ms": "0",
        "group.min.session.timeout.ms": "1000",
        "broker.session.timeout.ms": "9000" if brokers == 1 else "4000",
        "broker.heartbeat.interval.ms": "500",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
        "log.cleaner.dedupe.buffer.size": str(4 << 20),  # of the heap; 128 MiB unless told
        "log.index.size.max.bytes": str(1 << 20),
        "num.network.threads": "2",
        "num.io.threads": "4",
    }


def _secured(plan: Plan) -> dict[str, str]:
    """Return who must say who they are, and how; nothing without `security`."""
    if plan.security is None:
        return {}
    user = f'username="{BROKER_USER}" password="{plan.password}" user_{BROKER_USER}="{plan.password}"'
    client = dict(plan.security.properties)
    if plan.security.scram:
        client.setdefault("sasl.enabled.mechanisms", "SCRAM-SHA-512")
        login = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        client.setdefault("scram-sha-512.sasl.jaas.config", login)
    return {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": ";".join((f"User:{BROKER_USER}", *plan.security.super_users)),
        "sasl.enabled.mechanisms": "PLAIN",
        "sasl.mechanism.inter.broker.protocol": "PLAIN",
        "sasl.mechanism.controller.protocol": "PLAIN",
        "listener.name.internal.plain.sasl.jaas.config": f"{_PLAIN} {user};",
        "listener.name.controller.plain.sasl.jaas.config": f"{_PLAIN} {user};",
        **{f"listener.name.client.{name}": value for name, value in client.items()},
    }


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace("\n", "\\n")
