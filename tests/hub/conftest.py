"""One broker and one PostgreSQL server for the tests of the core, instead of one for each of its files."""

from __future__ import annotations

from tests.kafka import kafka, kafka_cluster, kafka_server, make_topic
from tests.postgres import postgres_server, postgres_url

__all__ = ["kafka", "kafka_cluster", "kafka_server", "make_topic", "postgres_server", "postgres_url"]
