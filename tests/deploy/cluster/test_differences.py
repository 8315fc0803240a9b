"""What is wanted and what is found, compared: what can be changed, and what is refused, with the reason."""

from __future__ import annotations

from collections.abc import Mapping

from deploy.cluster.differences import Difference, Found, FoundTopic, compare, config_of, replicas
from deploy.cluster.topics_file import TopicSpec

CONFIG = {"cleanup.policy": "delete", "retention.ms": "-1", "max.message.bytes": "12582912"}
SPEC = TopicSpec(12, None, None, CONFIG)


def _found(partitions: int = 12, replication: int = 3, **changed: str | None) -> FoundTopic:
    config = {**config_of(SPEC, replication), **{name.replace("_", "."): str(v) for name, v in changed.items()}}
    return FoundTopic(partitions, replication, config)


def _compare(topic: FoundTopic | None, brokers: int = 3, spec: TopicSpec = SPEC) -> list[Difference]:
    topics: Mapping[str, FoundTopic] = {} if topic is None else {"p.received": topic}
    return compare({"received": spec}, Found(brokers, topics), "p.")


def test_a_cluster_that_is_as_wanted_differs_in_nothing() -> None:
    assert _compare(_found()) == []


def test_auto_means_three_replicas_or_as_many_as_there_are_brokers() -> None:
    assert [replicas(SPEC, brokers) for brokers in (1, 2, 3, 9)] == [1, 2, 3, 3]
    assert [config_of(SPEC, count)["min.insync.replicas"] for count in (1, 2, 3)] == ["1", "1", "2"]
    assert "replicas=1 (not 3: the cluster has 1 broker)" in _compare(None, brokers=1)[0].words
    assert "not 3" not in _compare(None, brokers=3)[0].words


def test_a_missing_topic_is_to_be_created() -> None:
    (difference,) = _compare(None)
    assert (difference.topic, difference.action) == ("p.received", "create")
    assert "partitions=12, replicas=3" in difference.words
    assert "retention.ms=forever" in difference.words


def test_partitions_are_never_changed_and_the_reason_is_told() -> None:
    for count in (6, 24):
        (difference,) = _compare(_found(partitions=count))
        assert (difference.action, difference.found, difference.wanted) == ("refused", str(count), "12")
        assert "overtake each other" in difference.words


def test_replicas_are_moved_by_kafkas_own_tool() -> None:
    differences = _compare(_found(replication=1), brokers=3)
    assert [(d.action, d.setting, d.found, d.wanted) for d in differences] == [("refused", "replication", "1", "3")]
    assert "kafka-reassign-partitions" in differences[0].words


def test_more_in_sync_replicas_than_there_are_would_stop_all_writing() -> None:
    spec = TopicSpec(12, 3, 2, CONFIG)
    differences = _compare(_found(replication=1), brokers=3, spec=spec)
    assert [(d.action, d.setting) for d in differences] == [
        ("refused", "replication"),
        ("refused", "min.insync.replicas"),
    ]


def test_a_setting_is_shown_before_and_after() -> None:
    (difference,) = _compare(_found(max_message_bytes="1048588"))
    assert difference.action == "alter"
    assert "max.message.bytes 1048588 → 12MiB" in str(difference)


def test_a_shorter_retention_says_that_it_deletes() -> None:
    spec = TopicSpec(12, None, None, {**CONFIG, "retention.ms": "86400000"})
    (difference,) = _compare(_found(), spec=spec)
    assert "retention.ms forever → 1d: DELETES records" in str(difference)
    (longer,) = _compare(_found(retention_ms="86400000"))
    assert "DELETES" not in longer.words


def test_a_log_that_somebody_made_compacted_is_told_as_a_loss() -> None:
    (difference,) = _compare(_found(cleanup_policy="compact"))
    assert difference.action == "alter"
    assert "may be lost already" in difference.words


def test_settings_that_may_not_be_seen_are_only_mentioned() -> None:
    (difference,) = _compare(FoundTopic(12, 3, None))
    assert not difference.matters
    assert "DescribeConfigs" in difference.words


def test_the_feed_of_an_agency_that_has_left_is_only_mentioned() -> None:
    found = Found(3, {"p.received": _found(), "p.outbox.gone": _found(1), "outbox.of-another-hub": _found(1)})
    (difference,) = compare({"received": SPEC}, found, "p.")
    assert (difference.topic, difference.matters) == ("p.outbox.gone", False)
