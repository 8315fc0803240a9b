"""What the commands about a Kafka cluster share: the connection, the topics file, the agencies."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer

from deploy.bootstrap import agreements_folder
from deploy.cli.shell import fail, plain_errors, settings_of
from deploy.settings import Settings
from hub.agreements import load_agreements
from hub.eventlog.connection import KafkaConnection
from schemas.catalogue import load_catalogue


@dataclass(frozen=True, slots=True)
class Cluster:
    """How to reach the cluster, and what is wanted of it."""

    connection: KafkaConnection
    #: None: the one shipped.
    topics_file: Path | None
    agencies: Sequence[str]


@contextmanager
def cluster_of(context: typer.Context) -> Iterator[Cluster]:
    """Give the cluster of the settings; without one, and on known errors, the command ends with plain words."""
    settings = settings_of(context)
    with plain_errors():
        connection = settings.kafka_connection()
        if connection is None:
            fail("no Kafka: set DANCU_KAFKA=host:9092[,host:9092…]; the embedded log makes its topics by itself", 2)
        yield Cluster(connection, settings.topics, agencies_of(settings))


def agencies_of(settings: Settings) -> Sequence[str]:
    """Return the agencies that have an agreement, without opening the hub. Raises `AgreementProblem`."""
    return list(load_agreements(agreements_folder(settings), load_catalogue()).by_agency)
