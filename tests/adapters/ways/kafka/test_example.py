"""The example for agencies with a Kafka client of their own, run as it stands in the documents."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from hub.eventlog import Message
from hub.eventlog.connection import KafkaConnection
from hub.eventlog.kafka.onlooking import records_behind
from hub.topics import outbox
from tests.adapters.registry.topics import produce
from tests.hub.making import LAN, MAI, MOVE, a_hub, event, next_of
from tests.kafka import MakeTopic
from tests.missing import skip_missing

DOCS = Path(__file__).parents[4] / "docs"
EXAMPLE = DOCS / "examples" / "receive_kafka.py"
STRICT = {"level": "STRICT", "valid_from": "2025-08-06"}


@pytest.fixture
def feed(kafka: KafkaConnection, make_topic: MakeTopic) -> str:
    """The topic of the tax office's feed."""
    return make_topic(outbox("tax"))


@pytest.fixture
def sent(tmp_path: Path) -> Iterator[Sequence[Message]]:
    """Some moves, one of them of somebody who is protected later, and a correction that comes last."""
    move = event("ResidenceChanged", "lan", MOVE)
    with a_hub(tmp_path / "hub") as hub:
        hub.run(move, event("ResidenceChanged", "mai", MOVE, subject=MAI))
        hub.run(next_of(move, "lan-2", "CORRECTED"))
        before = [record.message for record in hub.topic(outbox("tax"))]
        hub.run(event("AddressProtectionChanged", "protected", STRICT))
        after = [record.message for record in hub.topic(outbox("tax"))][len(before) :]
        # the last one was decided before the protection was raised, and is read after it
        yield [*before[:2], *after, *before[2:]]


def run(kafka: KafkaConnection, feed: str, registry_url: str, database: Path) -> None:
    """Run the example until it has read everything."""
    words = {"TOPIC": feed, "REGISTRY": registry_url, "GROUP": f"agency.tax.{feed}", "KAFKA": kafka.servers}
    environment = {**os.environ, **words, "DATABASE": str(database), "UNTIL_IDLE": "1"}
    done = subprocess.run([sys.executable, EXAMPLE], env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_example_keeps_each_event_once_and_hides_what_is_protected(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str, tmp_path: Path
) -> None:
    database = tmp_path / "events.db"
    produce(kafka, feed, sent)
    own = replace(kafka, prefix="")
    group = f"agency.tax.{feed}"
    assert records_behind(own, group, feed) is None
    run(kafka, feed, registry_url, database)
    assert records_behind(own, group, feed) == 0
    produce(kafka, feed, sent[:2])  # as after a crash between its commit and the group's
    assert records_behind(own, group, feed) == 2
    run(kafka, feed, registry_url, database)
    with closing(sqlite3.connect(database)) as found:
        rows = found.execute("SELECT event_id, person, legal_basis, body FROM events ORDER BY kafka_offset").fetchall()
    assert [row[0] for row in rows] == ["lan", "mai", "protected", "lan-2"]
    assert {row[1] for row in rows} == {LAN, MAI}
    assert all(row[2].startswith("statute: ") for row in rows)
    addresses = {row[0]: json.loads(row[3]).get("to_address") for row in rows}
    assert addresses["lan"] is addresses["lan-2"] is None
    assert addresses["mai"]["province_code"] == "01"


def test_the_lines_for_kcat_show_keys_and_headers(kafka: KafkaConnection, feed: str, sent: Sequence[Message]) -> None:
    if shutil.which("kcat") is None:
        skip_missing("kcat is not installed; on Debian and Ubuntu: apt install kcat")
    produce(kafka, feed, sent)
    text = (DOCS / "receive-kafka.md").read_text("utf-8")
    lines = [
        line.removeprefix("$ ") for line in re.findall(r"^\$ kcat .*$", text, re.MULTILINE) if "-s value" not in line
    ]
    assert len(lines) == 2
    for line in lines:
        command = line.replace("outbox.tax", feed).replace("$KAFKA", kafka.servers)
        done = subprocess.run(["sh", "-c", command], capture_output=True, timeout=60)  # a value is no text
        assert done.returncode == 0, done.stderr
        assert done.stdout.count(b"\n") == len(sent)
        assert b"ce_legalbasis" in done.stdout


def test_the_line_for_a_kcat_with_avro_shows_the_fields(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str
) -> None:
    if shutil.which("kcat") is None:
        skip_missing("kcat is not installed; on Debian and Ubuntu: apt install kcat")
    if "Avro" not in subprocess.run(["kcat", "-V"], capture_output=True, text=True, timeout=60).stdout:
        pytest.skip("this kcat was built without Avro, as Debian's and Ubuntu's are")
    produce(kafka, feed, sent)
    text = (DOCS / "receive-kafka.md").read_text("utf-8")
    line = next(line for line in re.findall(r"^\$ (kcat .*)$", text, re.MULTILINE) if "-s value" in line)
    command = line.replace("outbox.tax", feed).replace("$KAFKA", kafka.servers).replace("$REGISTRY", registry_url)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, timeout=60)
    assert [json.loads(row)["event_id"] for row in done.stdout.splitlines()] == [one.headers["ce_id"] for one in sent]
