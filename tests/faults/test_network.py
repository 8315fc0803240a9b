"""Fault 3: a worker is cut off for longer than any timeout. Another takes over; the one cut off is fenced."""

from __future__ import annotations

import logging
import time
from pathlib import Path

import psycopg
import pytest

from hub.topics import RECEIVED
from tests.faults.arena import Arena, arena
from tests.faults.network import Island, island
from tests.faults.process import OURS, Process
from tests.faults.slowness import owned

_LOG = logging.getLogger(__name__)
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(600)]

#: Seconds. More than a member of a group may be silent (6), and a transaction may be open (30 in a commit).
_SHORT, _LONG = 12.0, 35.0
_ALL = set(range(6))
#: Events a second.
_PACE = 150.0


def test_a_worker_that_was_cut_off_from_the_brokers_is_fenced_and_another_has_taken_over(tmp_path: Path) -> None:
    """It still reaches PostgreSQL: the harder case, as it can change the registers and commit nothing."""
    with island() as net, arena(tmp_path, host=net.here, events=20_000, seed=3) as scene:
        lonely = _begin(scene, net, f"/hub?host={scene.postgres.folder}&port={scene.postgres.port}")
        for seconds in (_SHORT, _LONG):
            _cut(scene, net, lonely, seconds)
        scene.finish("a worker cut off from the brokers")


def test_a_worker_that_was_cut_off_from_everything_holds_up_nobody(tmp_path: Path) -> None:
    with (
        island(1) as net,
        arena(
            tmp_path,
            host=net.here,
            events=20_000,
            seed=8,
            postgres_settings={"listen_addresses": f"127.0.0.1,{net.here}"},
        ) as scene,
    ):
        _let_in(scene, net.there)
        lonely = _begin(scene, net, f"{net.here}:{scene.postgres.port}/hub")
        _cut(scene, net, lonely, _LONG)
        scene.finish("a worker cut off from everything")


def _begin(scene: Arena, net: Island, place: str) -> Process:
    """Start a worker on the island and one here; both have partitions then."""
    database = f"postgresql+psycopg://dancu:{scene.postgres.password}@{place}"
    lonely = scene.make("worker1", "worker", prefix=net.prefix, settings={"DANCU_DATABASE": database})
    lonely.start()
    scene.busy(workers=1, deliveries=1, pace=_PACE)
    other = scene.processes["worker2"]
    scene.await_that(lambda: _share(lonely) and _share(lonely) | _share(other) == _ALL, "both have partitions")
    return lonely


def _share(process: Process) -> set[int]:
    """Return its partitions of `received`."""
    return {number for topic, number in owned(process) if topic == RECEIVED}


def _cut(scene: Arena, net: Island, lonely: Process, seconds: float) -> None:
    """Cut it off and mend it. The other decides meanwhile; then both have partitions again."""
    other = scene.processes["worker2"]
    heard, before = len(lonely.said()), scene.gauge.decided
    at = time.monotonic()
    net.cut()
    scene.await_that(lambda: _share(other) == _ALL, "the other takes over")
    over = time.monotonic() - at
    scene.await_progress(decided=300, delivered=100)
    time.sleep(max(0.0, at + seconds - time.monotonic()))
    decided, silent = scene.gauge.decided - before, len(lonely.said())
    still = scene.gauge.standstill(at)
    net.mend()
    mended = time.monotonic()
    scene.await_that(lambda: OURS in lonely.said()[silent:], "it has partitions again", 180)
    scene.await_that(lambda: _share(lonely) | _share(other) == _ALL, "nothing is left lying")
    back = time.monotonic() - mended
    news = lonely.said()[heard:]
    fenced = "another process has taken over" in news
    assert fenced or "we were out of touch too long" in news, news[-3000:]
    _LOG.warning(
        "cut off for %.0f s: taken over after %.1f s, %d events decided meanwhile, at most %.1f s without a decision;"
        " fenced in a commit: %s; at work again %.1f s after",
        *(mended - at, over, decided, still.deciding, fenced, back),
    )


def _let_in(scene: Arena, address: str) -> None:
    """Let PostgreSQL take connections from there."""
    with (scene.postgres.folder / "data" / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {address}/32 scram-sha-256\n")
    with psycopg.connect(scene.postgres.url("hub").replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("SELECT pg_reload_conf()")
