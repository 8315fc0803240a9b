"""How random the tests are, and in which order they run.

Random freely on a developer's machine, the same way every time in continuous integration. The faults come first: they
take long, one after the other, and mostly wait, so that other workers use the machine meanwhile.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from tests.adapters.card_reader.stack_fixtures import running_stack, stack
from tests.kafka import kafka, kafka_cluster, kafka_server, make_topic
from tests.postgres import postgres_server, postgres_url

#: Once for all: a file that imported them itself would get servers of its own.
__all__ = [
    "kafka",
    "kafka_cluster",
    "kafka_server",
    "make_topic",
    "postgres_server",
    "postgres_url",
    "running_stack",
    "stack",
]

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI") == "true":
    settings.load_profile("ci")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the faults first; all else stays in its order."""
    items.sort(key=lambda item: "tests/faults/" not in item.nodeid)
