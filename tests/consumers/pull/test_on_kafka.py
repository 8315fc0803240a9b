"""The pull feed with its log on real Kafka and its databases in real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from consumers.cloudevents import cursor_of
from hub.database import open_database
from hub.eventlog.connection import KafkaConnection
from hub.topics import outbox
from tests.consumers.pull.scene import Answer, Scene, serving, until
from tests.hub.making import SHIPPED
from tests.hub.on_kafka_and_postgres import make_tables, make_topics, shared_hub

pytestmark = pytest.mark.xdist_group("kafka-core")


@pytest.fixture
def on_kafka(kafka: KafkaConnection, postgres_url: str) -> Iterator[Scene]:
    """A hub on Kafka and PostgreSQL that answers over HTTP."""
    make_tables(postgres_url)
    make_topics(kafka, SHIPPED.by_agency, partitions=1)
    deliveries = open_database(postgres_url)
    try:
        with shared_hub(kafka, postgres_url) as hub, serving(hub, deliveries) as scene:
            yield scene
    finally:
        deliveries.dispose()


def _throw_away(kafka: KafkaConnection, before: int) -> None:
    """Let Kafka forget the oldest records of the feed of tax, as after the retention."""
    part = TopicPartition(kafka.name(outbox("tax")), 0, before)
    admin = AdminClient(kafka.config())  # held on to: it answers only as long as it is there
    for done in admin.delete_records([part]).values():
        done.result(30)


def test_pages_polls_and_cursors_are_the_same_on_kafka(on_kafka: Scene, kafka: KafkaConnection) -> None:
    scene = on_kafka
    empty = scene.cursor()
    scene.move(5)
    found, cursor = [], empty
    while page := scene.get(lastEventId=cursor, limit=2):
        if not page.json:
            break
        found += page.ids
        cursor = page.json[-1]["cursor"]
    assert found == [f"move-{n}" for n in range(1, 6)]
    assert cursor == scene.cursor()
    answers: list[Answer] = []
    poll = threading.Thread(target=lambda: answers.append(scene.get(lastEventId=cursor, timeout=60_000)))
    poll.start()
    until(lambda: bool(scene.feeds.waiting.of("tax")))
    scene.move(1)
    poll.join()
    assert answers[0].ids == ["move-6"]
    assert scene.get(lastEventId=cursor_of("tax", 99)).kind == "/problems/cursor-foreign"
    _throw_away(kafka, 3)
    assert scene.get(lastEventId=cursor_of("tax", 1)).kind == "/problems/cursor-too-old"
    left = scene.get().json
    assert [item["id"] for item in left][-1] == "move-6"
    assert int(left[0]["sequence"]) > 1
    assert scene.get(lastEventId=left[0]["cursor"]).ids == [item["id"] for item in left[1:]]
