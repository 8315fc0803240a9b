"""The same on Kafka, with several partitions, and on PostgreSQL."""

from __future__ import annotations

import random

import pytest

from consumers.snapshot import SnapshotRefused, take_moment
from hub.eventlog import Outputs
from hub.eventlog.connection import KafkaConnection
from hub.topics import RECEIVED
from tests.consumers.snapshot.world import feed, holdings, join, messages, stores_of, taken, without
from tests.hub.making import SHIPPED
from tests.hub.on_kafka_and_postgres import make_tables, make_topics, shared_hub


def test_a_snapshot_of_several_partitions_leaves_no_gap_and_no_double(
    kafka: KafkaConnection, postgres_url: str
) -> None:
    make_tables(postgres_url)
    make_topics(kafka, SHIPPED.by_agency, 3)
    rng, pending = random.Random(4), list(messages(500, 4))
    with shared_hub(kafka, postgres_url, without("tax")) as hub:
        hub.log.append(Outputs({RECEIVED: pending[:200]}))
        for _ in range(3):
            hub.process(40)
        join(hub)
        with pytest.raises(SnapshotRefused, match="no topic outbox"):
            take_moment(stores_of(hub), "police")
        moment = take_moment(stores_of(hub), "tax")
        assert len(moment.until) == 3
        for piece in (pending[200:300], pending[300:]):
            hub.log.append(Outputs({RECEIVED: piece}))
            hub.process(rng.randint(1, 100))
        told = taken(hub, moment)
        hub.run()
        hub.flush()
        told += feed(hub, "tax", moment.cursor)
        assert len(told) == len({event.event_id for event in told})
        known = holdings(hub, told)
        from_start = holdings(hub, [*feed(hub, "tax")])
        assert from_start.items() <= known.items()
        again = holdings(hub, [*taken(hub, take_moment(stores_of(hub), "tax"))])
        assert again == known
