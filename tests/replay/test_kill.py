"""The loop is killed with SIGKILL at random moments: nothing is lost, nothing comes twice, order holds."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from consumers.loop import deliver_forever, deliver_once
from hub.deliveries import Request, Summary
from replay.redeliver import make_due
from replay.selection import Selection
from tests.consumers.agency import AGENCY, Scene, build, message

KILLS = 12
EVENTS_PER_ROUND = 150
PERSONS = 40


@contextmanager
def _scene(folder: Path) -> Iterator[Scene]:
    """Open the files; an agency that dislikes every 29th event until it is mended."""
    scene = build(folder, time.time)
    if not (folder / "mended").exists():
        scene.agency.dislikes = {_name(n) for n in range(0, KILLS * EVENTS_PER_ROUND, 29)}
    scene.change(limit=7)
    try:
        yield scene
    finally:
        scene.close()


def _name(number: int) -> str:
    return f"p{number * 7 % PERSONS}-{number:05}"


def _work(folder: Path) -> None:
    with _scene(folder) as scene:
        deliver_forever(scene.feed, threading.Event())


def _publish(folder: Path, numbers: range) -> None:
    with _scene(folder) as scene:
        scene.publish(*(message(_name(n), _name(n).split("-")[0]) for n in numbers))
        request = Request("lan", "mended", int(time.time() * 1000))
        make_due(scene.store, Selection(AGENCY), request)


def test_a_loop_killed_again_and_again_delivers_everything_once_and_in_order(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")  # nothing is open here while a child is started
    arrived = [0]
    for turn in range(KILLS):
        _publish(tmp_path, range(turn * EVENTS_PER_ROUND, (turn + 1) * EVENTS_PER_ROUND))
        if turn == KILLS // 2:
            (tmp_path / "mended").touch()
        child = fork.Process(target=_work, args=(tmp_path,))
        child.start()
        while _arrived(tmp_path) == arrived[-1] and child.is_alive():
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.1))
        child.kill()
        child.join()
        assert child.exitcode == -9
        arrived.append(_arrived(tmp_path))
    assert len(set(arrived)) == KILLS + 1, "every child was killed at work"
    _finish(tmp_path)


def _arrived(folder: Path) -> int:
    with _scene(folder) as scene:
        return len(scene.agency.ids)


def _finish(folder: Path) -> None:
    expected = [_name(n) for n in range(KILLS * EVENTS_PER_ROUND)]
    with _scene(folder) as scene:
        request = Request("lan", "mended", int(time.time() * 1000))
        make_due(scene.store, Selection(AGENCY), request)
        while not deliver_once(scene.feed).idle:
            ...
        assert sorted(scene.agency.ids) == sorted(expected)
        for person in range(PERSONS):
            mine = [name for name in scene.agency.ids if name.startswith(f"p{person}-")]
            assert mine == sorted(mine)
        summary = scene.browser.summary(AGENCY)
        assert summary == Summary(replayed=summary.replayed)
        assert summary.replayed > 0
