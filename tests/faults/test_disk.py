"""Fault 6: a broker's disk is full. Nothing that was accepted is lost; with room and a restart all goes on.

With three brokers the others go on. A single one may forget, with its disk, that a transaction was open: then Kafka
lets nobody ask for that group's offsets until somebody ends the transaction by hand. So that is for `make soak`.
"""

from __future__ import annotations

import logging
import time
from pathlib import Path

import pytest

from tests.faults.arena import Arena, arena
from tests.faults.asking import ask
from tests.faults.disk import Disk, small_disk

_LOG = logging.getLogger(__name__)
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(600)]

_MEGABYTES = 64
#: Events a second.
_PACE = 150.0


def test_when_one_of_three_brokers_disks_is_full_work_goes_on_without_it(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "kafka" / "broker1" / "data", _MEGABYTES) as disk,
        arena(tmp_path, brokers=3, events=20_000, seed=7) as scene,
    ):
        scene.busy(pace=_PACE)
        _fill_until_it_halts(scene, disk)
        at = time.monotonic()
        scene.await_progress(decided=300, delivered=300, seconds=180)
        _LOG.warning("%.1f s until 300 more were decided and delivered without it", time.monotonic() - at)
        disk.make_room()
        scene.cluster.start(1)
        scene.await_progress(decided=300, delivered=300, seconds=180)
        scene.finish("one of three disks full")


@pytest.mark.soak
def test_when_the_only_brokers_disk_is_full_nothing_accepted_is_lost(tmp_path: Path) -> None:
    with (
        small_disk(tmp_path / "kafka" / "broker1" / "data", _MEGABYTES) as disk,
        arena(tmp_path, events=12_000, seed=7) as scene,
    ):
        scene.busy(ahead=2000)
        _fill_until_it_halts(scene, disk)
        full_at = time.monotonic()
        file = _some_more(scene)
        said = ask(scene, "ingest", str(file), "--json")
        assert said.code == 1, said
        assert '"accepted"' not in said.words, "nothing was written"
        assert "Nothing is lost" in said.words
        scene.processes["worker1"].await_words("nothing is decided for now")
        scene.processes["deliver1"].await_words("nothing is handed out for now")

        disk.make_room()
        scene.cluster.start(1)
        at = time.monotonic()
        scene.await_progress(decided=200, delivered=200, seconds=180)
        _LOG.warning("full for %.0f s; going on %.1f s after the restart", at - full_at, time.monotonic() - at)
        scene.finish("disk full")


def _fill_until_it_halts(scene: Arena, disk: Disk) -> None:
    """Somebody fills the disk while the hub writes: Kafka takes its only folder out of use, and ends."""
    broker, filled = scene.cluster.brokers[0], 0

    def halted() -> bool:
        nonlocal filled
        filled += disk.fill()
        return not broker.program.running()

    scene.await_that(halted, "the broker halts")
    _LOG.warning("%d KiB filled; the broker said: %s", filled >> 10, broker.program.last_words()[-300:])


def _some_more(scene: Arena) -> Path:
    """Write a file that nobody takes in: it repeats events that are known."""
    file = scene.folder / "more.ndjson"
    file.write_bytes(b"".join(line.raw + b"\n" for line in scene.supply.lines[:200]))
    return file
