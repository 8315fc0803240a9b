"""Fault 4: PostgreSQL is killed, has no connection left, or takes no changes. The hub waits, and goes on by itself."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.faults.arena import Arena, arena
from tests.faults.database import while_crowded, while_read_only
from tests.faults.process import Process

_LOG = logging.getLogger(__name__)
pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(600)]

#: Times that the server is killed under load.
_KILLS = 4


def test_a_database_that_is_killed_under_load_is_waited_for(tmp_path: Path) -> None:
    with arena(tmp_path, events=12_000, seed=4) as scene:
        scene.busy(ahead=2000)
        for number in range(_KILLS):
            away = _without(scene, partial(_kill, scene, number))
            _LOG.warning("killed, away for %.1f s", away)
        _check_words(
            scene, "the connection to the database was lost", "nothing answers at the database's host and port"
        )
        scene.finish("PostgreSQL killed")


def test_while_others_have_all_connections_the_hub_waits(tmp_path: Path) -> None:
    with arena(tmp_path, events=12_000, seed=5, postgres_settings={"max_connections": "30"}) as scene:
        scene.busy(ahead=2000)
        away = _without(scene, lambda: _LOG.warning("%d held", while_crowded(scene, lambda: _await_waiting(scene))))
        _LOG.warning("no connection for %.1f s", away)
        _check_words(scene, "the database has no connection left")
        scene.finish("no connection left")


def test_while_the_database_takes_no_changes_the_hub_waits(tmp_path: Path) -> None:
    with arena(tmp_path, events=12_000, seed=6) as scene:
        scene.busy(ahead=2000)
        away = _without(scene, lambda: while_read_only(scene, lambda: _await_waiting(scene)))
        _LOG.warning("read-only for %.1f s", away)
        _check_words(scene, "the database takes no changes now (read-only)")
        scene.finish("read-only")


def _kill(scene: Arena, number: int) -> None:
    scene.postgres.kill()
    scene.kills["postgres"] += 1
    if number:  # the first time it is back at once
        _await_waiting(scene)
    scene.postgres.start()


def _without(scene: Arena, happen: Callable[[], None]) -> float:
    """Let something happen, and see that all processes live and get on by themselves. Return the seconds it took."""
    at = time.monotonic()
    happen()
    seconds = time.monotonic() - at
    scene.await_progress(decided=200, delivered=200, seconds=180)
    _LOG.warning("going on %.1f s after that", time.monotonic() - at - seconds)
    assert all(process.alive for process in _steady(scene))
    return seconds


def _await_waiting(scene: Arena) -> None:
    """Wait until a worker and a delivery process have said that they wait, and for some seconds more."""
    heard = _waits(scene)
    scene.await_that(lambda: all(now > then for now, then in zip(_waits(scene), heard, strict=True)), "they wait")
    time.sleep(3)


def _waits(scene: Arena) -> tuple[int, int]:
    said = "".join(process.said() for process in _steady(scene))
    return said.count("nothing is decided for now"), said.count("nothing is handed out for now")


def _check_words(scene: Arena, *any_of: str) -> None:
    said = "".join(process.said() for process in _steady(scene))
    assert any(words in said for words in any_of), said[-3000:]


def _steady(scene: Arena) -> list[Process]:
    return [process for process in scene.processes.values() if process.words[0] in ("worker", "deliver")]
