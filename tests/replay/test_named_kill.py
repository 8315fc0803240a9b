"""A process that works on a replay is killed with SIGKILL again and again: nothing is lost, stuck or doubled."""

from __future__ import annotations

import multiprocessing
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from consumers.loop import deliver_forever
from hub.deliveries import Summary
from hub.replays import ItemState, Kind, Move, ReplayState
from replay.desk import Limits
from replay.runner import Runner, run_replays, runner_name
from replay.selection import Selection
from tests.replay.office import Office, an_office

KILLS, EVENTS = 6, 400


@contextmanager
def _office(folder: Path) -> Iterator[Office]:
    with an_office(folder) as office:
        office.feeds["land"] = replace(office.feeds["land"], clock=time.time, limit=20)
        yield office


def _now() -> int:
    return int(time.time() * 1000)


def _work(folder: Path) -> None:
    with _office(folder) as office:
        runner = replace(office.runner(runner_name()), now=_now)
        threads = [
            threading.Thread(target=run_replays, args=(runner, threading.Event()), daemon=True),
            threading.Thread(target=deliver_forever, args=(office.feeds["land"], threading.Event()), daemon=True),
        ]
        for thread in threads:
            thread.start()
        threads[0].join()


def test_a_replay_killed_again_and_again_ends_with_each_delivery_once(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")  # nothing is open here while a child is started
    with _office(tmp_path) as office:
        office.park(*(f"e{n:03}" for n in range(EVENTS)))
        office.mend()
        desk = replace(office.desk, now=_now, threshold=10**6)
        planned = desk.plan(Kind.DELIVERIES, Selection(agency="land"), "lan", "mended", Limits())
        desk.approve(planned.id, "lan", "looked")
        desk.move(planned.id, Move.STARTED, "lan", None)
    for _ in range(KILLS):
        child = fork.Process(target=_work, args=(tmp_path,))
        child.start()
        time.sleep(random.uniform(0.1, 0.5))
        child.kill()
        child.join()
        assert child.exitcode == -9
        with _office(tmp_path) as office:
            office.replays.release(_holder(office, planned.id))  # as if the lease had ended
    with _office(tmp_path) as office:
        _finish(office, planned.id)


def _holder(office: Office, replay_id: str) -> str:
    from hub.replays.tables import replays

    with office.engine.connect() as connection:
        return str(connection.exec_driver_sql(f"SELECT runner FROM {replays.name}").scalar())


def _finish(office: Office, replay_id: str) -> None:
    runner: Runner = replace(office.runner(runner_name()), now=_now)
    while office.replays.find(replay_id).state is ReplayState.RUNNING:
        runner.turn()
        office.deliver()
    found = office.replays.find(replay_id)
    assert (found.state, found.count(ItemState.DELIVERED)) == (ReplayState.DONE, EVENTS)
    assert sorted(office.agency().ids) == [f"e{n:03}" for n in range(EVENTS)]
    assert office.browser.summary("land") == Summary(replayed=EVENTS)
    assert office.trail(replay_id).count(("dancu", "replay.done")) == 1
