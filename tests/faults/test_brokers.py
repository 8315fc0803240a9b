"""Fault 2: brokers are killed. Without one of three work goes on; without two it waits, and goes on by itself."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from hub.eventlog import LogAway
from hub.eventlog.kafka import KafkaLog
from hub.topics import RECEIVED
from tests.faults.arena import arena
from tests.faults.asking import await_health, free_address
from tests.faults.brokers import kill_leader

_LOG = logging.getLogger(__name__)
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(600)]


def test_without_one_broker_of_three_work_goes_on_and_without_two_it_waits_and_then_goes_on_by_itself(
    tmp_path: Path,
) -> None:
    with arena(tmp_path, brokers=3, events=8000, seed=2) as scene, ExitStack() as stack:
        ears = {"worker1": free_address(), "deliver1": free_address()}
        scene.start("worker1", "worker", DANCU_HEALTH=ears["worker1"])
        scene.start("deliver1", "deliver", "--all", DANCU_HEALTH=ears["deliver1"])
        scene.busy(workers=1, deliveries=1, ahead=1000)

        log = stack.enter_context(KafkaLog(scene.cluster.connection()))
        assert len(log.ends(RECEIVED)) == 6
        dead = kill_leader(scene, partition=0)
        assert min(log.ends(RECEIVED).values()) >= 0, "a partition without a leader is waited for"
        scene.await_progress(decided=300, delivered=300, seconds=180)

        killed_at = time.monotonic()
        others = [broker.number for broker in scene.cluster.brokers if broker.number != dead]
        scene.cluster.kill(others[0])
        scene.kills["broker"] += 1
        with pytest.raises(LogAway):
            log.ends(RECEIVED)
        for name, ear in ears.items():
            words = await_health(scene, ear, ready=False)
            assert "not ready: log: " in words, f"{name}: {words}"
        for words in ("nothing is decided for now", "nothing is handed out for now"):
            scene.await_that(lambda words=words: scene.said(words), f"a process says: {words}")
        still = scene.gauge.decided
        assert scene.said("it goes on when the cluster answers again")
        assert scene.gauge.decided == still
        assert all(process.alive for process in scene.processes.values() if process.words[0] != "ingest")

        scene.cluster.start(dead, others[0])
        back_at = time.monotonic()
        scene.await_progress(decided=300, delivered=300, seconds=180)
        went_on = next(look.at for look in scene.gauge.looks if look.at > back_at and look.decided > still)
        for ear in ears.values():
            await_health(scene, ear, ready=True)
        _LOG.warning("two brokers away for %.0f s; going on %.1f s later", back_at - killed_at, went_on - back_at)
        scene.finish("two of three brokers killed")
