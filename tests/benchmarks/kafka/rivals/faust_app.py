"""The job in Faust, as its documentation has it: an agent on the topic, a table, `send`. Tuned where that helps.

uvloop and Faust's Cython parts are in use, logs are quiet, the producer lingers. `take_events(100)` was tried and is
slower here: 570 µs of CPU per event against 500, since a table may then only be changed by the key's own partition.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import faust

from tests.benchmarks.kafka.rivals.job import Job, event_id

_PREFIX = os.environ["BENCH_PREFIX"]
_PARTITIONS = int(os.environ["BENCH_PARTITIONS"])
#: Seconds between commits: often enough that the last pause doesn't blur the figure.
_COMMIT = 0.5

app = faust.App(
    f"{_PREFIX}app",
    broker=f"kafka://{os.environ['BENCH_SERVERS']}",
    datadir=os.environ["BENCH_FOLDER"],
    store="memory://",
    topic_partitions=_PARTITIONS,
    topic_replication_factor=1,
    topic_disable_leader=True,
    consumer_auto_offset_reset="earliest",
    broker_commit_interval=_COMMIT,
    broker_commit_every=1_000_000,
    broker_max_poll_records=5000,
    stream_buffer_maxsize=16_384,
    stream_wait_empty=False,
    producer_linger=0.02,
    producer_max_batch_size=262_144,
    producer_acks=-1,
    web_enabled=False,
    worker_redirect_stdouts=False,
)
received = app.topic(f"{_PREFIX}received", key_serializer="raw", value_serializer="raw")
outboxes = {
    agency: app.topic(f"{_PREFIX}outbox.{agency}", key_serializer="raw", value_serializer="raw")
    for agency in os.environ["BENCH_AGENCIES"].split(",")
}
seen = app.Table("seen", default=int, partitions=_PARTITIONS)
job = Job(Path(os.environ["BENCH_RULES"]).read_bytes())


@app.agent(received)  # type: ignore[untyped-decorator]
async def pipeline(stream: Any) -> None:
    """Decide about one event after the other, and send it on."""
    async for event in stream.events():
        message = event.message
        headers = list(message.headers)
        name = event_id(headers)
        if name in seen:
            continue
        seen[name] = 1
        for one in job.outputs(message.key.decode(), message.value, headers, int(message.timestamp * 1000)):
            await outboxes[one.agency].send(key=message.key, value=one.value, headers=list(one.headers))


if __name__ == "__main__":
    app.main()
