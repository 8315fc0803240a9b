"""A broker, and a registry that serves the hub's schemas."""

from __future__ import annotations

from tests.adapters.registry.conftest import registry_url
from tests.kafka import kafka, kafka_server, make_topic

__all__ = ["kafka", "kafka_server", "make_topic", "registry_url"]
