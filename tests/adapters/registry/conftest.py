"""A served registry, and records as the hub writes them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from adapters.registry.serving import load_registry, served
from hub.eventlog import Message
from hub.topics import RECEIVED, outbox
from tests.hub.making import CATALOGUE, LAN, SHIPPED, a_hub, event


@pytest.fixture(scope="session")
def registry_url() -> Iterator[str]:
    """Serve the hub's recorded schemas."""
    with served(load_registry(CATALOGUE)) as url:
        yield url


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Message]]:
    """What a hub writes, by topic, after an event of every type was sent to it."""
    sent = [event(name) for name in CATALOGUE.types if name not in ("PersonalNumberChanged", "PersonsMerged")]
    with a_hub(tmp_path_factory.mktemp("hub") / "hub") as hub:
        hub.run(*sent)
        hub.flush()
        topics = [RECEIVED, *map(outbox, SHIPPED.by_agency)]
        found = {topic: [record.message for record in hub.topic(topic) if record.value] for topic in topics}
    assert all(message.key == LAN for messages in found.values() for message in messages)
    return found
