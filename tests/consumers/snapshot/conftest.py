"""A broker and a PostgreSQL server for the snapshots."""

from __future__ import annotations

from tests.kafka import kafka, kafka_server, make_topic
from tests.postgres import postgres_server, postgres_url

__all__ = ["kafka", "kafka_server", "make_topic", "postgres_server", "postgres_url"]
