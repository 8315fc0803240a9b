"""Real Kafka brokers for tests: started from Maven's jars, gone when the tests end, however they end."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Protocol

import pytest
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.dev.cluster import Cluster, start_cluster
from deploy.dev.jars import jars, java
from deploy.dev.problem import Missing
from deploy.dev.security import Security
from hub.eventlog.connection import KafkaConnection
from tests.missing import skip_missing

_numbers = count(1)


class MakeTopic(Protocol):
    """Makes a topic `kafka.name(name)`, waits until it can be used, and returns its whole name."""

    def __call__(self, name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str: ...


class StartCluster(Protocol):
    """Starts a cluster of its own for one test; `deploy.dev.cluster.start_cluster` says what the options are."""

    def __call__(
        self,
        brokers: int = 3,
        properties: Mapping[str, str] | None = None,
        security: Security | None = None,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
    ) -> Cluster: ...


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Run one broker for the session (for each worker of pytest-xdist)."""
    need_kafka()
    yield from _running(tmp_path_factory.mktemp("kafka"), 1, None, None)


@pytest.fixture
def kafka(kafka_server: Cluster) -> KafkaConnection:
    """Give every test names of its own on the broker of the session."""
    return kafka_server.connection(f"t{next(_numbers)}-")


@pytest.fixture
def make_topic(kafka: KafkaConnection) -> MakeTopic:
    """Give what makes topics for the test."""

    def make(name: str, partitions: int = 1, config: Mapping[str, str] | None = None) -> str:
        create_topic(kafka, kafka.name(name), partitions, config)
        return kafka.name(name)

    return make


@pytest.fixture
def kafka_cluster(tmp_path: Path) -> Iterator[StartCluster]:
    """Give what starts clusters that live as long as the test."""
    need_kafka()
    running: list[Iterator[Cluster]] = []

    def start(
        brokers: int = 3,
        properties: Mapping[str, str] | None = None,
        security: Security | None = None,
        host: str = "127.0.0.1",
        prefix: Sequence[str] = (),
    ) -> Cluster:
        folder = tmp_path / f"kafka{len(running)}"
        running.append(_running(folder, brokers, properties, security, host, prefix))
        return next(running[-1])

    yield start
    for one in running:
        next(one, None)


def need_kafka() -> None:
    """Skip the running test where Kafka can't be started on this machine."""
    try:
        java()
        jars()
    except Missing as problem:
        skip_missing(str(problem))


def create_topic(
    connection: KafkaConnection, topic: str, partitions: int = 1, config: Mapping[str, str] | None = None
) -> None:
    """Make a topic of this whole name, with as many copies as the cluster makes, and wait for its leaders."""
    admin = AdminClient(connection.config())
    wanted = NewTopic(topic, partitions, config=dict(config or {}))
    admin.create_topics([wanted], operation_timeout=30)[topic].result()
    deadline = time.monotonic() + 30
    while not _has_leaders(admin, topic, partitions):
        assert time.monotonic() < deadline, f"{topic} has no leaders"
        time.sleep(0.02)


def _has_leaders(admin: AdminClient, topic: str, partitions: int) -> bool:
    found = admin.list_topics(topic, timeout=10).topics[topic].partitions.values()
    return len(found) == partitions and all(partition.leader > 0 for partition in found)


def _running(
    folder: Path,
    brokers: int,
    properties: Mapping[str, str] | None,
    security: Security | None,
    host: str = "127.0.0.1",
    prefix: Sequence[str] = (),
) -> Iterator[Cluster]:
    cluster = start_cluster(folder, brokers, properties, security, host, prefix)
    try:
        yield cluster
    finally:
        cluster.kill()
        shutil.rmtree(folder, ignore_errors=True)  # pytest would keep it for three runs
