"""What agencies read our topics with, on a real broker: Confluent's client, kcat, the CloudEvents SDK, JavaScript."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from cloudevents.core.formats.json import JSONFormat
from confluent_kafka import Message as Read
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

from hub.eventlog import Message
from hub.eventlog.connection import KafkaConnection
from hub.topics import outbox
from tests.adapters.registry.topics import consume, produce
from tests.hub.making import CATALOGUE, LAN
from tests.kafka import MakeTopic
from tests.missing import skip_missing

_KAFKAJS = "@kafkajs/confluent-schema-registry@3.9.0"
_DECODE = """
const { SchemaRegistry } = require('@kafkajs/confluent-schema-registry')
const registry = new SchemaRegistry({ host: process.argv[1] })
const lines = require('fs').readFileSync(0, 'utf8').trim().split('\\n')
;(async () => {
  for (const line of lines) console.log(JSON.stringify(await registry.decode(Buffer.from(line, 'base64'))))
})()
"""


@pytest.fixture
def feed(kafka: KafkaConnection, make_topic: MakeTopic, written: Mapping[str, list[Message]]) -> str:
    """A topic of a real broker with the feed of the tax office."""
    topic = make_topic(outbox("tax"))
    produce(kafka, topic, written[outbox("tax")])
    return topic


@pytest.fixture
def sent(written: Mapping[str, list[Message]]) -> list[Message]:
    """What is in that topic."""
    return written[outbox("tax")]


def test_confluents_deserializer_reads_a_feed_from_a_broker(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str
) -> None:
    with SchemaRegistryClient({"url": registry_url}) as client:
        decode = AvroDeserializer(client)
        for message, read in zip(sent, consume(kafka, feed, len(sent)), strict=True):
            event = decode(read.value() or b"", SerializationContext(feed, MessageField.VALUE))
            assert isinstance(event, dict)
            assert (event["event_id"], event["subject"]) == (message.headers["ce_id"], LAN)
            assert event["type"] == message.headers["ce_type"]


class AvroFormat(JSONFormat):
    """What an agency gives the CloudEvents SDK, so that it reads the data as Avro."""

    def __init__(self, decode: AvroDeserializer, topic: str) -> None:
        self._decode, self._context = decode, SerializationContext(topic, MessageField.VALUE)

    def read_data(self, body: bytes, datacontenttype: str | None) -> Any:  # noqa: ARG002 - as the SDK calls it
        return self._decode(body, self._context)


def test_the_cloudevents_sdk_reads_headers_and_data(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str
) -> None:
    with SchemaRegistryClient({"url": registry_url}) as client:
        data_as_avro = AvroFormat(AvroDeserializer(client), feed)
        for message, read in zip(sent, consume(kafka, feed, len(sent)), strict=True):
            event = from_binary_event(_kafka_message(read), data_as_avro)
            headers, data = message.headers, event.get_data()
            assert (event.get_specversion(), event.get_id()) == ("1.0", headers["ce_id"])
            assert (event.get_type(), event.get_source()) == (headers["ce_type"], headers["ce_source"])
            assert event.get_subject() == event.get_extension("partitionkey") == LAN
            assert event.get_time() == datetime.fromisoformat(headers["ce_time"])
            assert isinstance(data, dict)
            assert (data["event_id"], data["occurred_at"]) == (event.get_id(), event.get_time())
            assert event.get_extension("legalbasis") == headers["ce_legalbasis"]


def _kafka_message(read: Read) -> KafkaMessage:
    headers = {name: value for name, value in read.headers() or [] if isinstance(value, bytes)}
    return KafkaMessage(headers, read.key(), read.value() or b"")


def test_kcat_shows_keys_and_headers(kafka: KafkaConnection, feed: str, sent: Sequence[Message]) -> None:
    lines = kcat(kafka, feed, "-J")
    found = [json.loads(line) for line in lines]
    assert [one["key"] for one in found] == [LAN] * len(sent)
    headers = [dict(zip(one["headers"][::2], one["headers"][1::2], strict=True)) for one in found]
    assert headers == [dict(message.headers) for message in sent]


def test_kcat_decodes_values_through_the_registry(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str
) -> None:
    if "Avro" not in subprocess.run([_kcat(), "-V"], capture_output=True, text=True, timeout=60).stdout:
        pytest.skip("this kcat was built without Avro, as Debian's and Ubuntu's are")
    lines = kcat(kafka, feed, "-s", "value=avro", "-r", registry_url)
    assert [json.loads(line)["event_id"] for line in lines] == [one.headers["ce_id"] for one in sent]


def kcat(kafka: KafkaConnection, topic: str, *words: str) -> list[str]:
    """Read a topic to its end with kcat, and return the lines that it prints."""
    command = [_kcat(), "-b", kafka.servers, "-C", "-e", "-q", "-t", topic, "-o", "beginning", *words]
    done = subprocess.run(command, capture_output=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(errors="replace").split("\n")[:-1]  # a value that is not decoded is no text


def _kcat() -> str:
    return shutil.which("kcat") or skip_missing("kcat is not installed; on Debian and Ubuntu: apt install kcat")


def test_a_javascript_client_decodes_values_through_the_registry(
    kafka: KafkaConnection, feed: str, sent: Sequence[Message], registry_url: str
) -> None:
    values = [base64.b64encode(read.value() or b"") for read in consume(kafka, feed, len(sent))]
    command = ["node", "-e", _DECODE, registry_url]
    done = subprocess.run(command, input=b"\n".join(values), capture_output=True, timeout=120, cwd=_kafkajs())
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [one["event_id"] for one in found] == [message.headers["ce_id"] for message in sent]
    for one, message in zip(found, sent, strict=True):
        view = CATALOGUE.views["tax", message.headers["ce_type"]]
        assert set(one) == {field["name"] for field in view.schema["fields"]}


def _kafkajs() -> Path:
    """Return the folder where the client is installed: a cache outside of the work tree."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        skip_missing("Node.js with npm is not installed; on Debian and Ubuntu: apt install nodejs npm")
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "dancu" / "kafkajs-registry-3.9.0"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        command = [npm, "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", str(folder), _KAFKAJS]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=folder)
        if done.returncode != 0:
            skip_missing("the JavaScript registry client can't be installed from npm's registry")
        (folder / "installed").touch()
    return folder
