"""Kafka: nothing is handed out; the agency's own client reads its outbox topic. See `docs/receive-kafka.md`."""

from __future__ import annotations

from adapters.ways.way import Way

WAY = Way("kafka", None)
