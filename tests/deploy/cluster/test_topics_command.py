"""`dancu topics` on a real broker: shown before it is done, done once, and never what would break the order."""

from __future__ import annotations

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

import deploy
from deploy.cluster.access import Rule
from deploy.cluster.access_admin import change_access, found_access
from deploy.cluster.admin import Administrator
from deploy.cluster.topics import differences, ensure_topics
from hub.eventlog import LogUnavailable
from hub.eventlog.connection import KafkaConnection
from tests.commands import AGENCIES, Dancu
from tests.deploy.cluster import attempts
from tests.deploy.cluster.secured import PREFIX, Secured
from tests.kafka import MakeTopic

SHIPPED = (Path(deploy.__file__).parent / "topics.yaml").read_text(encoding="utf-8")
HUB = ("received", "refused", "withheld", "duplicates", "dancu.marks", "dancu.places")
TOPICS = (*HUB, *(f"outbox.{agency}" for agency in AGENCIES))


@pytest.fixture
def topics_file(tmp_path: Path) -> Path:
    path = tmp_path / "topics.yaml"
    path.write_text(SHIPPED)
    return path


@pytest.fixture
def dancu(tmp_path: Path, topics_file: Path, kafka: KafkaConnection) -> Dancu:
    """The command line with a cluster and a topics file that may be edited."""
    settings = {"DANCU_KAFKA": kafka.servers, "DANCU_TOPIC_PREFIX": kafka.prefix, "DANCU_TOPICS": str(topics_file)}
    return Dancu(tmp_path / "home", settings)


def _topics(kafka: KafkaConnection) -> dict[str, int]:
    found = AdminClient(kafka.config()).list_topics(timeout=30).topics
    return {n.removeprefix(kafka.prefix): len(t.partitions) for n, t in found.items() if n.startswith(kafka.prefix)}


def test_topics_are_planned_then_made_then_there_is_nothing_to_do(dancu: Dancu, kafka: KafkaConnection) -> None:
    plan = dancu("topics", "plan")
    assert plan.code == 0
    assert "not 3: the cluster has 1 broker" in plan.out
    assert _topics(kafka) == {}
    assert dancu("topics", "check").code == 1
    assert {(one["topic"], one["action"]) for one in dancu("topics", "check", "--json").json} == {
        (kafka.name(topic), "create") for topic in TOPICS
    }
    assert dancu("topics", "apply", "--yes").code == 0
    assert _topics(kafka) == {topic: 12 if topic == "received" else 1 for topic in TOPICS}
    again = dancu("topics", "apply")
    assert again.code == 0
    assert "Nothing to do" in again.out
    assert dancu("topics", "apply", "--yes", "--json").json == {"done": [], "left": []}
    check = dancu("topics", "check", "--json")
    assert (check.code, check.json) == (0, [])


def test_nothing_is_done_without_a_yes(dancu: Dancu, kafka: KafkaConnection) -> None:
    answer = dancu("topics", "apply", stdin=b"n\n")
    assert answer.code == 1
    assert kafka.name("received") in answer.out
    assert "Go ahead?" in answer.err
    assert _topics(kafka) == {}
    assert dancu("topics", "apply", "--json").code == 2
    assert dancu("topics", "apply", stdin=b"y\n").code == 0
    assert "received" in _topics(kafka)


def test_a_setting_is_changed_and_what_would_break_the_order_is_refused(
    dancu: Dancu, kafka: KafkaConnection, topics_file: Path
) -> None:
    dancu("topics", "apply", "--yes")
    topics_file.write_text(
        SHIPPED.replace("partitions: 12", "partitions: 6\n    max_message: 8MiB").replace(
            "refused: {}", "refused: {replication: 3}"
        )
    )
    plan = dancu("topics", "plan")
    assert "max.message.bytes 12MiB → 8MiB" in plan.out
    assert "overtake each other" in plan.out
    applied = dancu("topics", "apply", "--yes", "--json")
    assert applied.code == 1
    assert [(d["topic"], d["setting"]) for d in applied.json["done"]] == [(kafka.name("received"), "max.message.bytes")]
    assert [(d["setting"], d["found"], d["wanted"]) for d in applied.json["left"]] == [
        ("partitions", "12", "6"),
        ("replication", "1", "3"),
    ]
    assert _topics(kafka)["received"] == 12
    left = dancu("topics", "check", "--json")
    assert left.code == 1
    assert [one["setting"] for one in left.json] == ["partitions", "replication"]


def test_the_topics_of_others_are_left_alone(dancu: Dancu, kafka: KafkaConnection, make_topic: MakeTopic) -> None:
    make_topic("outbox.gone")
    make_topic("somebody-elses")
    assert dancu("topics", "apply", "--yes").code == 0
    check = dancu("topics", "check", "--json")
    assert check.code == 0
    assert [(one["topic"], one["action"]) for one in check.json] == [(kafka.name("outbox.gone"), "mention")]
    assert {"outbox.gone", "somebody-elses"} <= set(_topics(kafka))


def test_without_a_cluster_a_sentence_says_what_is_missing(tmp_path: Path) -> None:
    for words in (("plan",), ("apply",), ("check",), ("acls",)):
        answer = Dancu(tmp_path / "home")("topics", *words)
        assert answer.code == 2
        assert "DANCU_KAFKA" in answer.err


def test_a_cluster_that_does_not_answer_is_told_with_the_reason(tmp_path: Path) -> None:
    answer = Dancu(tmp_path / "home", {"DANCU_KAFKA": "127.0.0.1:1"})("topics", "plan")
    assert answer.code == 1
    assert "Kafka can't be reached" in answer.err
    assert "Connection refused" in answer.err


def test_a_bad_topics_file_is_told_with_its_line(dancu: Dancu, topics_file: Path) -> None:
    topics_file.write_text(SHIPPED.replace("partitions: 12", "partitions: many"))
    answer = dancu("topics", "plan")
    assert answer.code == 2
    assert f"{topics_file}:" in answer.err
    assert "'many' is not of type 'integer'" in answer.err


def test_access_can_be_printed_without_asking_the_cluster_and_needs_an_authorizer_otherwise(
    dancu: Dancu, kafka: KafkaConnection
) -> None:
    lines = dancu("topics", "acls", "--lines").out.splitlines()
    assert len(lines) > 50
    assert all(line.startswith(f"kafka-acls.sh --bootstrap-server {kafka.servers} ") for line in lines)
    wanted = f"--allow-principal User:agency-tax --operation Read --topic {kafka.prefix}outbox.tax"
    assert any(line.endswith(f"{wanted} --resource-pattern-type literal") for line in lines)
    answer = dancu("topics", "acls")
    assert answer.code == 1
    assert "no authorizer" in answer.err


def test_access_is_compared_applied_and_pruned(dancu: Dancu, topics_file: Path, scram: Secured) -> None:
    admin = scram.admin
    options = {f"DANCU_KAFKA_{name.replace('.', '_').upper()}": value for name, value in admin.options.items()}
    where = {"DANCU_KAFKA": admin.servers, "DANCU_TOPIC_PREFIX": "other.", "DANCU_TOPICS": str(topics_file)}
    topics_file.write_text(SHIPPED.replace("User:dancu-", "User:other-").replace("User:agency-", "User:other-agency-"))
    dancu = Dancu(dancu.home, {**where, **options})
    words = ("topics", "acls", "--worker", "User:CN=worker-1", "--worker", "User:CN=worker-2")
    before = dancu(*words, "--json").json
    assert {one["state"] for one in before} == {"missing"}
    assert {one["principal"] for one in before} >= {"User:CN=worker-1", "User:CN=worker-2", "User:other-agency-bank"}
    more = Rule("User:other-intake", "topic", "literal", "payroll", "Read")
    change_access(Administrator(admin), [more])
    after = dancu(*words, "--json", "--apply").json
    assert [one["name"] for one in after if one["state"] == "extra"] == ["payroll"]
    assert {one["state"] for one in after if one["name"] != "payroll"} == {"present"}
    shown = dancu(*words).out
    assert "Read Write: topic other.received" in shown
    assert "dancu topics acls --apply --prune" in shown
    assert dancu(*words, "--prune").code == 2
    pruned = dancu(*words, "--json", "--apply", "--prune").json
    assert pruned == [one for one in after if one["state"] == "present"]
    assert f"{PREFIX}received" in attempts.seen(scram.connection("dancu-worker"))


def test_whoever_may_not_administer_is_told_so(scram: Secured) -> None:
    with pytest.raises(LogUnavailable, match="may not do this"):
        ensure_topics(scram.connection("dancu-intake"), None, ("land", "tax"))
    with pytest.raises(LogUnavailable, match="may not do this"):
        found_access(Administrator(scram.connection("dancu-operator")))


def test_a_process_without_the_right_to_see_settings_still_sees_what_is_missing(scram: Secured) -> None:
    found = differences(scram.connection("dancu-worker"), None, ("land", "tax"))
    assert [one.action for one in found] == ["mention"] * 8
    assert [one.action for one in differences(scram.connection("dancu-operator"), None, ("land", "tax"))] == []
    unseen = differences(scram.connection("agency-tax"), None, ("land", "tax"))
    assert [one.topic for one in unseen if not one.matters] == [f"{PREFIX}outbox.tax"]
    assert "or this principal may not see it" in unseen[0].words
