"""Confluent's own Python client against our registry, on records that the hub wrote."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import date, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import pytest
from confluent_kafka.schema_registry import Schema, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.serialization import MessageField, SerializationContext

from adapters.registry.serving import load_registry, served
from hub.eventlog import Message
from hub.topics import RECEIVED, outbox
from schemas.avsc import FOLDER
from schemas.catalogue import load_catalogue
from schemas.current import read_current
from schemas.example import example
from schemas.versions import event_subject, record
from tests.hub.making import CATALOGUE, DEATH, LAN, SHIPPED, admitted, event

_ENVELOPE = ("event_id", "type", "source", "subject", "change", "fact_id")


def client_of(url: str) -> SchemaRegistryClient:
    """Return Confluent's client; used with `with`, it closes its connections."""
    return SchemaRegistryClient({"url": url})


def read(url: str, topic: str, value: bytes, reader: Mapping[str, Any] | None = None) -> Any:
    with client_of(url) as client:
        return read_with(client, topic, value, reader)


def read_with(client: SchemaRegistryClient, topic: str, value: bytes, reader: Mapping[str, Any] | None = None) -> Any:
    text = None if reader is None else json.dumps(reader)
    return AvroDeserializer(client, text)(value, SerializationContext(topic, MessageField.VALUE))


def as_json(value: Any) -> Any:
    """Return a decoded value as sources write it."""
    if isinstance(value, datetime):
        return value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: as_json(part) for name, part in value.items() if part is not None}
    return [as_json(part) for part in value] if isinstance(value, list) else value


@pytest.mark.parametrize("name", list(CATALOGUE.types))
def test_it_reads_an_event_of_each_type_as_it_was_sent(registry_url: str, name: str) -> None:
    sent = example(name, CATALOGUE)
    found = read(registry_url, RECEIVED, admitted(sent).value)
    assert {**as_json(found), **sent["data"]} == as_json(found)
    assert [found[key] for key in _ENVELOPE] == [
        sent[key] for key in ("id", "type", "source", "subject", "change", "factid")
    ]


@pytest.mark.parametrize("agency", list(SHIPPED.by_agency))
def test_it_reads_what_an_agency_gets(registry_url: str, written: Mapping[str, list[Message]], agency: str) -> None:
    messages = written[outbox(agency)]
    assert messages
    with client_of(registry_url) as client:
        for message in messages:
            found = read_with(client, outbox(agency), message.value)
            view = CATALOGUE.views[agency, message.headers["ce_type"]]
            assert set(found) == {field["name"] for field in view.schema["fields"]}
            assert (found["event_id"], found["subject"]) == (message.headers["ce_id"], LAN)


def test_a_view_as_reader_schema_cuts_the_whole_event_as_the_hub_does(registry_url: str) -> None:
    with client_of(registry_url) as client:
        for (agency, name), view in CATALOGUE.views.items():
            value = admitted(example(name, CATALOGUE)).value
            found, whole = read_with(client, RECEIVED, value, view.schema), read_with(client, RECEIVED, value)
            assert found == {field["name"]: whole[field["name"]] for field in view.schema["fields"]}, agency


def test_an_older_reader_reads_newer_records_and_the_other_way_round(tmp_path: Path) -> None:
    catalogue = _with_a_second_version(tmp_path / "schemas")
    old, new = (one for one in catalogue.recorded.values() if one.subject == event_subject("DeathRegistered"))
    v1 = admitted(event("DeathRegistered", data=DEATH | {"sex": "FEMALE", "born_on": "1990-04-12"})).value
    out = BytesIO(b"\x00" + new.schema_id.to_bytes(4, "big"))
    out.seek(5)
    decoded = fastavro.schemaless_reader(BytesIO(v1[5:]), old.parsed, None)
    assert isinstance(decoded, dict)
    fastavro.schemaless_writer(out, new.parsed, {**decoded, "hospital": "Bạch Mai"})
    with served(load_registry(catalogue)) as url, client_of(url) as client:
        assert client.get_versions(old.subject) == [1, 2]
        assert client.get_latest_version(old.subject).schema_id == new.schema_id
        assert "hospital" not in read(url, RECEIVED, v1)
        assert read(url, RECEIVED, v1, new.schema)["hospital"] is None
        assert read(url, RECEIVED, out.getvalue())["hospital"] == "Bạch Mai"
        assert read(url, RECEIVED, out.getvalue(), old.schema) == read(url, RECEIVED, v1)


def _with_a_second_version(folder: Path) -> Any:
    shutil.copytree(FOLDER, folder)
    path = folder / "events" / "DeathRegistered.avsc"
    schema = json.loads(path.read_text())
    schema["fields"].append({"name": "hospital", "type": ["null", "string"], "default": None, "doc": "Where."})
    path.write_text(json.dumps(schema))
    assert [one.version for one in record(folder, read_current(folder).subjects())] == [2]
    return load_catalogue(folder)


def test_it_finds_a_schema_by_its_text_whatever_the_layout(registry_url: str) -> None:
    subject = event_subject("DeathRegistered")
    schema = dict(CATALOGUE.types["DeathRegistered"].schema)
    relaid = {key: schema[key] for key in reversed(schema)} | {"doc": "other words"}
    with client_of(registry_url) as client:
        found = client.lookup_schema(subject, Schema(json.dumps(relaid, indent=2), "AVRO"), normalize_schemas=True)
        assert (found.schema_id, found.version) == (CATALOGUE.types["DeathRegistered"].schema_id, 1)
        with pytest.raises(SchemaRegistryError) as refused:
            client.lookup_schema(subject, Schema('{"type":"record","name":"X","fields":[]}', "AVRO"))
    assert refused.value.error_code == 40403


@pytest.mark.parametrize("register", [True, False])
def test_a_producer_with_a_recorded_schema_needs_no_setting_and_writes_our_bytes(
    registry_url: str, register: bool
) -> None:
    kind = CATALOGUE.types["DeathRegistered"]
    value = admitted(event("DeathRegistered")).value
    whole = read(registry_url, RECEIVED, value)

    def subject(*_: Any) -> str:
        return event_subject("DeathRegistered")

    conf = {"auto.register.schemas": register, "subject.name.strategy": subject}
    with client_of(registry_url) as client:
        encode = AvroSerializer(client, json.dumps(kind.schema), conf=conf)
        assert encode(whole, SerializationContext(RECEIVED, MessageField.VALUE)) == value


def test_a_producer_with_a_schema_of_its_own_is_told_how_it_gets_in(registry_url: str) -> None:
    with client_of(registry_url) as client, pytest.raises(SchemaRegistryError) as refused:
        client.register_schema("received-mine", Schema('{"type":"record","name":"Mine","fields":[]}', "AVRO"))
    assert (refused.value.http_status_code, refused.value.error_code) == (422, 42205)
    assert "A schema gets in with a release of the hub" in str(refused.value)


def test_the_clients_questions_about_the_registry_itself_are_answered(registry_url: str) -> None:
    client: Any  # its published types are older than it is
    with client_of(registry_url) as client:
        assert client.get_global_mode() == client.get_mode(event_subject("DeathRegistered")) == "READONLY"
        assert client.get_compatibility() == "FULL_TRANSITIVE"
        assert client.get_schema_types() == ["AVRO"]
        assert len(client.get_subjects()) == len({one.subject for one in CATALOGUE.recorded.values()})
