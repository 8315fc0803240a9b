"""The topics file: what it says in Kafka's words, and what is wrong with a bad one, with the line."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import deploy
from deploy.cluster.manifest import ManifestProblem
from deploy.cluster.topics_file import load_topics, shown

SHIPPED = (Path(deploy.__file__).parent / "topics.yaml").read_text(encoding="utf-8")
AGENCIES = ("land", "tax")


def _written(folder: Path, text: str) -> Path:
    path = folder / "topics.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_file_that_is_shipped_has_a_topic_for_every_purpose_and_agency() -> None:
    topics = load_topics(None, AGENCIES).topics
    hub = ["received", "refused", "withheld", "duplicates", "dancu.marks", "dancu.places"]
    assert list(topics) == [*hub, "outbox.land", "outbox.tax"]
    assert {name: spec.partitions for name, spec in topics.items() if spec.partitions > 1} == {"received": 12}
    assert {name for name, spec in topics.items() if spec.config["cleanup.policy"] == "compact"} == set(hub[-2:])
    for spec in topics.values():
        assert spec.config["message.timestamp.type"] == "LogAppendTime"
        assert spec.config["unclean.leader.election.enable"] == "false"
        assert int(spec.config["max.message.bytes"]) > 10_000_000
        assert (spec.replication, spec.min_isr) == (None, None)


def test_an_agency_can_have_its_own_settings_over_those_of_all_feeds(tmp_path: Path) -> None:
    text = SHIPPED.replace("  settings: {}", "  settings: {retention: 400d, retention_bytes: 2GiB}").replace(
        "  agencies: {}\n\n", "  agencies: {tax: {retention: 12h, compression: none}}\n\n"
    )
    topics = load_topics(_written(tmp_path, text), AGENCIES).topics
    kept = {name: topics[f"outbox.{name}"].config["retention.ms"] for name in AGENCIES}
    assert kept == {"land": str(400 * 86_400_000), "tax": str(12 * 3_600_000)}
    assert topics["outbox.tax"].config["retention.bytes"] == str(2 * 2**30)
    assert topics["outbox.tax"].config["compression.type"] == "uncompressed"
    assert topics["received"].config["retention.ms"] == "-1"


def test_the_hubs_own_notes_are_kept_whatever_the_defaults_are(tmp_path: Path) -> None:
    topics = load_topics(_written(tmp_path, SHIPPED.replace("retention: forever", "retention: 7d")), AGENCIES).topics
    assert topics["received"].config["retention.ms"] == str(7 * 86_400_000)
    assert topics["dancu.places"].config["retention.ms"] == "-1"


def test_principals_are_one_name_or_several_and_agencies_can_have_their_own(tmp_path: Path) -> None:
    text = SHIPPED.replace("worker: User:dancu-worker", "worker: ['User:CN=w1', 'User:CN=w2']")
    text = text.replace("  agencies: {}\n", "  agencies: {tax: 'User:CN=events.tax.example'}\n").replace(
        "outbox:\n  settings: {}\n  # What is different for some of them, such as: tax: {retention: 400d}\n"
        "  agencies: {tax: 'User:CN=events.tax.example'}\n",
        "outbox: {}\n",
    )
    principals = load_topics(_written(tmp_path, text), AGENCIES).principals
    assert principals.roles["worker"] == ("User:CN=w1", "User:CN=w2")
    assert principals.agencies == {"land": ("User:agency-land",), "tax": ("User:CN=events.tax.example",)}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("partitions: 12", "partitions: many", "topics/received/partitions: 'many' is not of type 'integer'"),
        ("partitions: 12", "partitions: 0", "topics/received/partitions: 0 is less than the minimum"),
        ("refused: {}", "refused: {partitions: 3}", "topics/refused/partitions: 3 is not one of [1]. Allowed: 1."),
        ("refused: {}", "refusd: {}", "Allowed: received, refused, withheld, duplicates, dancu.marks, dancu.places"),
        ("cleanup: compact", "cleanup: delete", "Allowed: compact."),
        ("duplicates: {}", "duplicates: {cleanup: compact}", "Allowed: delete."),
        ("retention: forever", "retention: a while", "defaults/retention: 'a while' does not match"),
        ("max_message: 12MiB", "max_message: huge", "defaults/max_message: 'huge' does not match"),
        ("compression: producer", "compression: zip", "Allowed: producer, none, gzip, snappy, lz4, zstd."),
        ("replication: auto", "replication: all", "Allowed: auto, 1, 2, 3"),
        ("withheld: {}", "withheld: {replication: 2, min_isr: 3}", "min_isr 3 is more than its 2 replicas"),
        ("  agencies: {}\n\n", "  agencies: {bank: {}}\n\n", "no agreement with 'bank'. Allowed: land, tax."),
        ("User:agency-{agency}", "User:agency", "principals/each_agency: 'User:agency' does not match"),
        ("worker: User:dancu-worker", "worker: 'User:*'", "principals/worker: "),
        ("worker: User:dancu-worker", "", "'worker' is a required property"),
        ("topics:", "topics: }", "not YAML"),
    ],
)
def test_a_bad_value_is_told_with_its_line_and_what_is_allowed(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in SHIPPED
    path = _written(tmp_path, SHIPPED.replace(old, new, 1))
    with pytest.raises(ManifestProblem) as problem:
        load_topics(path, AGENCIES)
    told = str(problem.value)
    assert words in told
    line = re.match(rf"{re.escape(str(path))}:(\d+): ", told)
    assert line is not None
    if new and "required" not in words:
        assert abs(int(line[1]) - 1 - SHIPPED[: SHIPPED.index(old)].count("\n")) <= 1


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestProblem, match=r"nowhere\.yaml: can't be read"):
        load_topics(tmp_path / "nowhere.yaml", AGENCIES)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("retention.ms", "-1", "forever"),
        ("retention.ms", "86400000", "1d"),
        ("retention.ms", "43200000", "12h"),
        ("retention.ms", "1", "1"),
        ("retention.bytes", "-1", "unlimited"),
        ("max.message.bytes", "12582912", "12MiB"),
        ("max.message.bytes", "1048588", "1048588"),
        ("cleanup.policy", "compact", "compact"),
        ("cleanup.policy", None, "None"),
    ],
)
def test_amounts_are_shown_as_people_write_them(setting: str, value: str | None, said: str) -> None:
    assert shown(setting, value) == said
