"""The rivals do the hub's job: what they would send is byte for byte what the hub sends."""

from __future__ import annotations

from pathlib import Path

from hub.topics import outbox
from tests.benchmarks.kafka.material import decided, messages_of
from tests.benchmarks.kafka.outputs import digest
from tests.benchmarks.kafka.rivals.job import Job, event_id
from tests.benchmarks.kafka.rules import AGENCIES, rules_of, write_agreements


def test_the_rivals_make_of_every_event_what_the_hub_makes_of_it(tmp_path: Path) -> None:
    agreements = write_agreements(tmp_path / "agreements")
    messages = messages_of(600)
    job = Job(rules_of(agreements))
    seen: set[str] = set()
    made: dict[str, list[bytes]] = {agency: [] for agency in AGENCIES}
    for message in messages:
        headers = [(name, value.encode()) for name, value in message.headers.items()]
        if event_id(headers) in seen:
            continue
        seen.add(event_id(headers))
        for one in job.outputs(message.key, message.value, headers, at=1_780_000_000_000):
            made[one.agency].append(digest(message.key.encode(), one.value, one.headers))
    hubs = {
        agency: [digest(m.key.encode(), m.value, [(n, v.encode()) for n, v in m.headers.items()]) for m in feed]
        for agency, feed in decided(messages, tmp_path / "home", agreements).items()
    }
    assert made == hubs
    assert len(seen) < len(messages)
    assert all(len(feed) > 100 for feed in hubs.values()), outbox
