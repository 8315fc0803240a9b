"""The job in Quix Streams, as its documentation has it: a dataframe with state, exactly once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from quixstreams import Application  # type: ignore[import-not-found]  # only in the rivals' own environment
from quixstreams.models import BytesSerializer, SerializationContext  # type: ignore[import-not-found]

from tests.benchmarks.kafka.rivals.job import Headers, Job, Output, event_id

_PREFIX = os.environ["BENCH_PREFIX"]
#: Seconds between commits, each a Kafka transaction. More was no faster.
_COMMIT = 1.0


class OutputSerializer(BytesSerializer):  # type: ignore[misc]  # without its environment nothing is known of it
    """The job's outputs are encoded already."""

    def __call__(self, value: Output, ctx: SerializationContext) -> bytes:  # noqa: ARG002
        """Return what goes into the topic."""
        return value.value


app = Application(
    broker_address=os.environ["BENCH_SERVERS"],
    consumer_group=f"{_PREFIX}app",
    auto_offset_reset="earliest",
    commit_interval=_COMMIT,
    processing_guarantee="exactly-once",
    state_dir=os.environ["BENCH_FOLDER"],
    producer_extra_config={"linger.ms": 20, "batch.size": 262_144},
    loglevel="ERROR",
)
job = Job(Path(os.environ["BENCH_RULES"]).read_bytes())


def _topic(name: str) -> Any:
    return app.topic(
        f"{_PREFIX}{name}", key_deserializer="str", value_deserializer="bytes", value_serializer=OutputSerializer()
    )


received = _topic("received")
outboxes = {agency: _topic(f"outbox.{agency}") for agency in os.environ["BENCH_AGENCIES"].split(",")}


def decide(value: bytes, key: str, timestamp: int, headers: Headers, state: Any) -> Sequence[Output]:
    """Decide about one event. The state is the person's, as the key is."""
    name = event_id(headers)
    if state.exists(name):
        return []
    state.set(name, 1)
    return job.outputs(key, value, headers, timestamp)


sdf = app.dataframe(received)
sdf = sdf.apply(decide, stateful=True, metadata=True, expand=True)
sdf = sdf.set_headers(lambda one, *_: list(one.headers))
sdf = sdf.to_topic(lambda one, *_: outboxes[one.agency])

if __name__ == "__main__":
    app.run()
