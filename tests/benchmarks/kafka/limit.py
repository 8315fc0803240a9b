"""What no program on this client could beat: consume, produce the outputs with headers, in transactions; no work.

`python -m tests.benchmarks.kafka.limit OUTPUTS`: so many outputs for each event, on average.
"""

from __future__ import annotations

import os
import sys

from confluent_kafka import Consumer, Producer

from hub.eventlog.connection import KafkaConnection
from hub.topics import RECEIVED, outbox
from tests.benchmarks.kafka.rules import AGENCIES

#: Events in a transaction: more than the hub's, so that the transactions themselves cost as little as may be.
_BATCH = 5000


def main(outputs: float) -> None:
    """Do it until killed."""
    connection = KafkaConnection(os.environ["BENCH_SERVERS"], prefix=os.environ["BENCH_PREFIX"])
    consumer = Consumer(
        connection.config(
            group_id=f"{connection.prefix}app",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        )
    )
    producer = Producer(connection.config(linger_ms=20, transactional_id=f"{connection.prefix}app"))
    producer.init_transactions(30.0)
    topics = [connection.name(outbox(agency)) for agency in AGENCIES]
    owed = 0.0
    consumer.subscribe([connection.name(RECEIVED)])
    while True:
        messages = consumer.consume(_BATCH, 0.1)
        if not messages:
            continue
        producer.begin_transaction()
        for message in messages:
            owed += outputs
            value, key, headers = message.value(), message.key(), message.headers()
            for topic in topics[: int(owed)]:
                producer.produce(topic, value, key, headers=headers)  # type: ignore[arg-type]
            owed -= min(int(owed), len(topics))
            producer.poll(0)
        producer.send_offsets_to_transaction(
            consumer.position(consumer.assignment()), consumer.consumer_group_metadata()
        )
        producer.commit_transaction()


if __name__ == "__main__":
    main(float(sys.argv[1]))
