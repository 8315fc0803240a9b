"""What others ask about topics: what differs from the file, and to make it so. See `dancu topics`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.cluster.admin import Administrator
from deploy.cluster.differences import Difference, compare
from deploy.cluster.topics_file import load_topics
from hub.eventlog.connection import KafkaConnection


@dataclass(frozen=True, slots=True)
class Applied:
    """What was changed, and what differs still."""

    done: Sequence[Difference]
    left: Sequence[Difference]


def differences(connection: KafkaConnection, topics_file: Path | None, agencies: Sequence[str]) -> list[Difference]:
    """Compare the cluster with the file (None: the one shipped). Raises `ManifestProblem`, `LogUnavailable`.

    Those that do not `matter` are only worth a mention. Needs to see the topics (Describe, better DescribeConfigs).
    """
    wanted = load_topics(topics_file, agencies).topics
    found = Administrator(connection).find([connection.name(plain) for plain in wanted], connection.prefix)
    return compare(wanted, found, connection.prefix)


def ensure_topics(
    connection: KafkaConnection,
    topics_file: Path | None,
    agencies: Sequence[str],
    agree: Callable[[Sequence[Difference]], bool] = lambda _: True,
) -> Applied:
    """Make the topics that are missing and change settings that differ; what is refused stays, in `left`.

    `agree` sees all differences before anything is changed, if anything can be. Ends when the topics have leaders.
    Raises `ManifestProblem`, `LogUnavailable`.
    """
    wanted, administrator = load_topics(topics_file, agencies).topics, Administrator(connection)
    specs = {connection.name(plain): spec for plain, spec in wanted.items()}
    found = administrator.find(list(specs), connection.prefix)
    everything = compare(wanted, found, connection.prefix)
    possible = [one for one in everything if one.action in ("create", "alter")]
    if not possible or not agree(everything):
        return Applied([], everything)
    administrator.create({one.topic: specs[one.topic] for one in possible if one.action == "create"}, found.brokers)
    administrator.alter([one for one in possible if one.action == "alter"])
    return Applied(possible, [one for one in everything if one not in possible])
