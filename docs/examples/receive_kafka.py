"""Reads an agency's feed from Kafka into SQLite: each event once, however often it comes. For agencies to start from.

Set KAFKA, REGISTRY, TOPIC and GROUP; see docs/receive-kafka.md.
Needs: pip install "confluent-kafka[avro,schemaregistry]"
"""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from typing import Any

from confluent_kafka import Consumer, KafkaException, Message
from confluent_kafka.schema_registry import SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer
from confluent_kafka.serialization import MessageField, SerializationContext

TOPIC = os.environ.get("TOPIC", "outbox.tax")
TABLES = """
CREATE TABLE IF NOT EXISTS events (
    event_id TEXT PRIMARY KEY, kafka_offset INTEGER, person TEXT, type TEXT, change TEXT, fact_id TEXT,
    fact_version INTEGER, legal_basis TEXT, purpose TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS events_person ON events (person);
CREATE TABLE IF NOT EXISTS protected (person TEXT PRIMARY KEY, level TEXT);
"""


def main() -> None:
    """Read on and on; with UNTIL_IDLE set, until nothing has come for ten seconds."""
    database = sqlite3.connect(os.environ.get("DATABASE", "events.db"))
    database.executescript(TABLES)
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ.get("KAFKA", "127.0.0.1:9092"),
            "group.id": os.environ.get("GROUP", "agency.tax.example"),
            "isolation.level": "read_committed",
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            # Where the cluster wants to know who asks, add what the operators tell you: security.protocol and so on.
        }
    )
    decode = AvroDeserializer(SchemaRegistryClient({"url": os.environ.get("REGISTRY", "http://127.0.0.1:8085")}))
    consumer.subscribe([TOPIC])
    try:
        while True:
            message = consumer.poll(10)
            if message is None:
                if "UNTIL_IDLE" in os.environ:
                    return
                continue
            if message.error():
                if message.error().fatal():
                    raise KafkaException(message.error())
                sys.stderr.write(f"{message.error().str()}\n")  # it passes; the client tries again by itself
                continue
            event = decode(message.value(), SerializationContext(TOPIC, MessageField.VALUE))
            take(database, message, event)
            # After our own commit: killed in between, the event comes again, and we know its id.
            consumer.commit(message, asynchronous=False)
    finally:
        consumer.close()


def take(database: sqlite3.Connection, message: Message, event: dict[str, Any]) -> None:
    """Apply one event in one transaction of our own database."""
    attributes = {name: value.decode() for name, value in message.headers()}
    with database:
        if event["type"] == "AddressProtectionChanged":
            protect(database, event)
        elif is_protected(database, event["subject"], attributes["ce_legalbasis"]):
            hide_address(event)  # it was put into the topic before the protection was raised
        database.execute(
            "INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event["event_id"],
                message.offset(),
                event["subject"],
                event["type"],
                event["change"],
                event["fact_id"],
                event["fact_version"],
                attributes["ce_legalbasis"],
                attributes["ce_purpose"],
                json.dumps(event, default=str, ensure_ascii=False),
            ),
        )


def protect(database: sqlite3.Connection, event: dict[str, Any]) -> None:
    """Remember a person's protection, and erase the addresses that may not be kept. Nobody else does it for us."""
    level = event.get("level") or "NONE"
    database.execute("INSERT OR REPLACE INTO protected VALUES (?, ?)", (event["subject"], level))
    query = "SELECT event_id, legal_basis, body FROM events WHERE person = ?"
    for event_id, basis, body in database.execute(query, (event["subject"],)).fetchall():
        if is_protected(database, event["subject"], basis):
            kept = json.loads(body)
            hide_address(kept)
            change = "UPDATE events SET body = ? WHERE event_id = ?"
            database.execute(change, (json.dumps(kept, ensure_ascii=False), event_id))


def is_protected(database: sqlite3.Connection, person: str, basis: str) -> bool:
    """STRICT: no address for anybody. CONFIDENTIAL: none for who has it by consent."""
    found = database.execute("SELECT level FROM protected WHERE person = ?", (person,)).fetchone()
    level = found[0] if found else "NONE"
    return level == "STRICT" or (level == "CONFIDENTIAL" and basis.startswith("consent:"))


def hide_address(event: dict[str, Any]) -> None:
    """Drop what tells where the person lives: the addresses, and the register that it comes from."""
    for name, value in event.items():
        if isinstance(value, dict) and "province_code" in value:
            event[name] = None
    event["source"] = "urn:dancu:hidden"


if __name__ == "__main__":
    main()
