"""Talks to the cluster as an administrator: looks at its topics, makes and changes them. Errors come in plain words."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from deploy.cluster.differences import Difference, Found, FoundTopic, config_of, replicas
from deploy.cluster.topics_file import TopicSpec
from hub.eventlog import LogUnavailable
from hub.eventlog.connection import KafkaConnection

if TYPE_CHECKING:
    from confluent_kafka import KafkaError, KafkaException
    from confluent_kafka.admin import AdminClient, TopicMetadata

#: Seconds that the cluster has for one answer, and for a new topic to have leaders.
_PATIENCE = 15.0
_LEADERS = 60.0
_AUTHORIZATION = ("TOPIC_AUTHORIZATION_FAILED", "CLUSTER_AUTHORIZATION_FAILED", "GROUP_AUTHORIZATION_FAILED")


class Administrator:
    """A connection to the cluster's administration. Every method raises `LogUnavailable`, saying what to do."""

    def __init__(self, connection: KafkaConnection) -> None:
        from confluent_kafka.admin import AdminClient  # only where Kafka is used

        self._servers = connection.servers
        self._last_error = ""
        with self.plain_errors():
            self.client: AdminClient = AdminClient(
                {**connection.config(), "log_level": 0, "error_cb": self._on_error}  # the errors go into our own words
            )

    def find(self, wanted: Sequence[str], prefix: str) -> Found:
        """Return the cluster's topics that bear the hub's names, and how many brokers it has."""
        with self.plain_errors():
            metadata = self.client.list_topics(timeout=_PATIENCE)
            names = [n for n in metadata.topics if n in wanted or n.startswith(prefix + "outbox.")]
            configs = self._configs(names)
        topics = {name: _found(metadata.topics[name], configs[name]) for name in names}
        placed = {b for t in metadata.topics.values() for p in t.partitions.values() for b in p.replicas}
        return Found(len(placed | set(metadata.brokers)), topics)

    def create(self, topics: Mapping[str, TopicSpec], brokers: int) -> None:
        """Make topics and wait until each partition has a leader."""
        from confluent_kafka.admin import NewTopic

        made = []
        for name, spec in topics.items():
            count = replicas(spec, brokers)
            config = dict(config_of(spec, count))
            made.append(NewTopic(name, num_partitions=spec.partitions, replication_factor=count, config=config))
        with self.plain_errors():
            self._settle(
                self.client.create_topics(made, operation_timeout=_PATIENCE) if made else {}, "TOPIC_ALREADY_EXISTS"
            )
        self._wait_for_leaders(topics)

    def alter(self, changes: Sequence[Difference]) -> None:
        """Change settings of topics; what the changes do not name stays."""
        from confluent_kafka.admin import AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

        by_topic: dict[str, list[Any]] = {}
        for one in changes:
            entry = ConfigEntry(one.setting, str(one.wanted), incremental_operation=AlterConfigOpType.SET)
            by_topic.setdefault(one.topic, []).append(entry)
        asked = [ConfigResource(ResourceType.TOPIC, n, incremental_configs=entries) for n, entries in by_topic.items()]
        with self.plain_errors():
            self._settle(self.client.incremental_alter_configs(asked) if asked else {})

    def _configs(self, names: Sequence[str]) -> dict[str, Mapping[str, str] | None]:
        from confluent_kafka import KafkaException
        from confluent_kafka.admin import ConfigResource, ResourceType

        configs: dict[str, Mapping[str, str] | None] = {}
        asked = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        for resource, future in (self.client.describe_configs(asked) if asked else {}).items():
            try:
                entries = future.result(_PATIENCE)
                configs[resource.name] = {entry.name: entry.value for entry in entries.values()}
            except KafkaException as error:
                if _code(error) not in _AUTHORIZATION:
                    raise
                configs[resource.name] = None
        return configs

    def _settle(self, futures: Mapping[Any, Any], *harmless: str) -> None:
        from confluent_kafka import KafkaException

        for future in futures.values():
            try:
                future.result(2 * _PATIENCE)
            except KafkaException as error:
                if _code(error) not in harmless:
                    raise

    def _wait_for_leaders(self, topics: Mapping[str, TopicSpec]) -> None:
        until = time.monotonic() + _LEADERS
        while waiting := self._without_leaders(topics):
            if time.monotonic() > until:
                raise LogUnavailable(
                    f"{self._servers}: {', '.join(waiting)}: no leader after {_LEADERS:.0f} seconds. "
                    "Look whether all brokers are up, then `dancu topics check`."
                )
            time.sleep(0.1)

    def _without_leaders(self, topics: Mapping[str, TopicSpec]) -> list[str]:
        with self.plain_errors():
            known = self.client.list_topics(timeout=_PATIENCE).topics
        led = {name: [p for p in topic.partitions.values() if p.leader >= 0] for name, topic in known.items()}
        return [name for name, spec in topics.items() if len(led.get(name, ())) < spec.partitions]

    def _on_error(self, error: KafkaError) -> None:
        self._last_error = error.str()

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Turn the client's errors into `LogUnavailable`."""
        from confluent_kafka import KafkaException

        try:
            yield
        except KafkaException as problem:
            raise LogUnavailable(f"{self._servers}: {self._words(_error(problem))}") from problem
        except TimeoutError as problem:
            raise LogUnavailable(
                f"{self._servers}: no answer for {2 * _PATIENCE:.0f} seconds. `dancu doctor`"
            ) from problem

    def _words(self, error: KafkaError) -> str:
        self.client.poll(0)  # hands over what the connections said
        if error.name() in _AUTHORIZATION:
            return f"the principal of these settings may not do this ({error.str()}). Use the cluster's administrator"
        if error.name() in ("_TRANSPORT", "_ALL_BROKERS_DOWN", "_TIMED_OUT", "_RESOLVE"):
            return f"Kafka can't be reached: {self._last_error or error.str()}. `dancu doctor` finds out why"
        if error.name() == "SECURITY_DISABLED":
            return (
                "this cluster has no authorizer, so anybody may do anything. Set authorizer.class.name at the brokers"
            )
        return f"Kafka refused: {error.str()} ({error.name()})"


def _error(problem: KafkaException) -> KafkaError:
    return cast("KafkaError", problem.args[0])


def _code(problem: KafkaException) -> str:
    return str(_error(problem).name())


def _found(topic: TopicMetadata, config: Mapping[str, str] | None) -> FoundTopic:
    counts = [len(partition.replicas) for partition in topic.partitions.values()]
    return FoundTopic(len(counts), min(counts, default=0), config)
