"""The Kafka log: the contract. What several partitions and a cluster add is in the files beside this one."""

from __future__ import annotations

from functools import partial

import pytest

from hub.eventlog.connection import KafkaConnection
from tests.hub.eventlog.contract import EventLogContract
from tests.hub.eventlog.on_kafka import open_kafka
from tests.hub.eventlog.processes import OpenLog

pytestmark = pytest.mark.xdist_group("kafka-core")


class TestKafkaLog(EventLogContract):
    @pytest.fixture
    def open_log(self, kafka: KafkaConnection) -> OpenLog:
        return partial(open_kafka, kafka)
