"""Pure: what the file wants and what the cluster has, compared. Says what can be changed and what must not be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from deploy.cluster.topics_file import TopicSpec, shown
from hub.topics import outbox

#: As many replicas as `auto` wants, where there are brokers enough.
_REPLICAS = 3
_UNSEEN = "is missing, or this principal may not see it"


@dataclass(frozen=True, slots=True)
class FoundTopic:
    """What the cluster has of one topic."""

    partitions: int
    #: The fewest replicas that any of its partitions has.
    replication: int
    #: None: whoever asked may not see them.
    config: Mapping[str, str] | None


@dataclass(frozen=True, slots=True)
class Found:
    """What the cluster has."""

    #: How many brokers belong to it, also those that are down.
    brokers: int
    topics: Mapping[str, FoundTopic]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which the cluster is not as the file wants it."""

    #: The topic's name in the cluster.
    topic: str
    #: `create` and `alter` can be applied, `refused` must not be, `mention` is nothing wrong.
    action: Literal["create", "alter", "refused", "mention"]
    #: `partitions`, `replication` or Kafka's name of a setting; empty for the topic as a whole.
    setting: str
    found: str | None
    wanted: str | None
    #: What it means, and what to do.
    words: str

    @property
    def matters(self) -> bool:
        """Whether the cluster is not as it should be."""
        return self.action != "mention"

    def __str__(self) -> str:
        before, after = shown(self.setting, self.found), shown(self.setting, self.wanted)
        change = f" {self.setting} {before} → {after}:" if self.setting else ""
        return f"{self.topic}:{change} {self.words}"

    def as_json(self) -> dict[str, Any]:
        """Return it for a program."""
        return asdict(self)


def compare(wanted: Mapping[str, TopicSpec], found: Found, prefix: str = "") -> list[Difference]:
    """Return every difference, in the file's order. `wanted` has plain names, `found` those of the cluster."""
    differences = []
    for plain, spec in wanted.items():
        name = prefix + plain
        topic = found.topics.get(name)
        if topic is None:
            words = f"{_UNSEEN}: {_summary(spec, found.brokers)}"
            differences.append(Difference(name, "create", "", None, None, words))
        else:
            differences.extend(_of_topic(name, spec, topic, found.brokers))
    return [*differences, *_left_over(wanted, found.topics, prefix)]


def replicas(spec: TopicSpec, brokers: int) -> int:
    """Return how many replicas a topic should have."""
    return spec.replication or max(1, min(_REPLICAS, brokers))


def config_of(spec: TopicSpec, replication: int) -> Mapping[str, str]:
    """Return all settings of a topic that has so many replicas."""
    return {**spec.config, "min.insync.replicas": str(spec.min_isr or max(1, replication - 1))}


def _summary(spec: TopicSpec, brokers: int) -> str:
    count = replicas(spec, brokers)
    config = config_of(spec, count)
    parts = [f"partitions={spec.partitions}", f"replicas={count}"]
    if spec.replication is None and count < _REPLICAS:
        parts[-1] += f" (not {_REPLICAS}: the cluster has {brokers} broker{'s' if brokers > 1 else ''})"
    return ", ".join([*parts, *(f"{setting}={shown(setting, value)}" for setting, value in sorted(config.items()))])


def _of_topic(name: str, spec: TopicSpec, topic: FoundTopic, brokers: int) -> Iterator[Difference]:
    if topic.partitions != spec.partitions:
        yield Difference(name, "refused", "partitions", str(topic.partitions), str(spec.partitions), _why_fixed(spec))
    count = replicas(spec, brokers)
    if topic.replication != count:
        words = (
            "replicas are moved by Kafka's own tool, at a quiet hour: kafka-reassign-partitions.sh --execute "
            "with a file that names the new replicas. Then `dancu topics check`"
        )
        yield Difference(name, "refused", "replication", str(topic.replication), str(count), words)
    if topic.config is None:
        words = "its settings can't be compared: this principal may not see them (DescribeConfigs)"
        yield Difference(name, "mention", "", None, None, words)
        return
    for setting, value in config_of(spec, topic.replication).items():
        before = topic.config.get(setting)
        if before != value:
            yield _of_setting(name, topic, (setting, before, value))


def _why_fixed(spec: TopicSpec) -> str:
    if spec.partitions == 1:
        return "a feed is one order, so this topic has one partition. Make it again under another DANCU_TOPIC_PREFIX"
    return (
        "partitions are never changed: a person's events would move to another partition and overtake each other. "
        "Put the number that the cluster has into the topics file"
    )


def _of_setting(name: str, topic: FoundTopic, change: tuple[str, str | None, str]) -> Difference:
    setting, before, value = change
    if setting == "min.insync.replicas" and int(value) > topic.replication:
        words = f"with replication {topic.replication} nobody could write any more. Add replicas first"
        return Difference(name, "refused", setting, before, value, words)
    words = "can be changed while everything runs"
    if setting == "cleanup.policy" and value == "compact":
        words = "only the latest record of each key is kept"
    elif setting == "cleanup.policy":
        words = "records may be lost already: compaction deletes all but the latest of each person. Find out who set it"
    elif setting in ("retention.ms", "retention.bytes") and _amount(value) < _amount(before):
        words = "DELETES records for good: what is older (or more) than that"
    return Difference(name, "alter", setting, before, value, words)


def _amount(value: str | None) -> float:
    """Return a limit as a number; -1, which is none, is more than all others."""
    return float("inf") if value in (None, "-1") else float(value)


def _left_over(wanted: Iterable[str], found: Collection[str], prefix: str) -> Iterator[Difference]:
    names = {prefix + plain for plain in wanted}
    for name in sorted(found):
        if name.startswith(prefix + outbox("")) and name not in names:
            words = (
                "the feed of an agency without an agreement. Nothing is written there; delete it when nobody needs it"
            )
            yield Difference(name, "mention", "", None, None, words)
