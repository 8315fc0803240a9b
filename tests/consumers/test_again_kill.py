"""A rewind is killed with SIGKILL again and again: each event comes once more, in each person's order, none is lost."""

from __future__ import annotations

import multiprocessing
import random
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from consumers.loop import deliver_forever, deliver_once
from hub.contacts import Rewind, Rewinds
from hub.deliveries import Request, Summary
from hub.destination import Event, Receipt
from tests.consumers.agency import AGENCY, Agency, Scene, build, message

EVENTS, PERSONS, KILLS = 300, 25, 6


class Diary(Agency):
    """Writes down whatever comes, also what it has already, before it answers."""

    def deliver(self, events: Sequence[Event]) -> Receipt:
        with closing(sqlite3.connect(self.path.with_name("diary.db"), isolation_level=None, timeout=30)) as diary:
            diary.execute("CREATE TABLE IF NOT EXISTS came (n INTEGER PRIMARY KEY, person, position, replayed)")
            rows = [(event.subject, event.sequence, event.replayed) for event in events]
            diary.executemany("INSERT INTO came (person, position, replayed) VALUES (?, ?, ?)", rows)
        time.sleep(0.004)  # so that there is a moment to be killed in
        return super().deliver(events)


@contextmanager
def _scene(folder: Path) -> Iterator[Scene]:
    scene = build(folder, time.time)
    scene.change(limit=8, destination=Diary(folder / "agency.db"))
    scene.join()
    try:
        yield scene
    finally:
        scene.close()


def _work(folder: Path) -> None:
    with _scene(folder) as scene:
        deliver_forever(replace(scene.feed), threading.Event())


def _publish(scene: Scene, numbers: range) -> None:
    scene.publish(*(message(f"e{n:04}", f"p{n * 7 % PERSONS}") for n in numbers))


def test_a_rewind_killed_again_and_again_hands_each_event_out_once_more_and_in_order(tmp_path: Path) -> None:
    fork = multiprocessing.get_context("fork")  # nothing is open here while a child is started
    with _scene(tmp_path) as scene:
        _publish(scene, range(EVENTS))
        _drain(scene)
        Rewinds(scene.engine).ask(AGENCY, 0, EVENTS, Request("lan", "a backup", int(time.time() * 1000)))
        _publish(scene, range(EVENTS, EVENTS + 40))  # what is new waits behind the rewind
    killed = 0
    for _ in range(KILLS):
        before = _the_rewind(tmp_path)
        child = fork.Process(target=_work, args=(tmp_path,))
        child.start()
        while (now := _the_rewind(tmp_path)).reached == before.reached and now.ended_at is None and child.is_alive():
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.05))
        child.kill()
        child.join()
        assert child.exitcode == -9
        killed += _the_rewind(tmp_path).ended_at is None
    assert killed > 0, "it was under way when it was killed"
    with _scene(tmp_path) as scene:
        _drain(scene)
        _check(scene, tmp_path)


def _drain(scene: Scene) -> None:
    while not deliver_once(scene.feed).idle:
        ...


def _the_rewind(folder: Path) -> Rewind:
    with _scene(folder) as scene:
        (found,) = Rewinds(scene.engine).of(AGENCY)
        return found


def _check(scene: Scene, folder: Path) -> None:
    (rewind,) = Rewinds(scene.engine).of(AGENCY)
    assert (rewind.reached, rewind.taken, rewind.refused, rewind.ended_at is None) == (EVENTS, EVENTS, 0, False)
    assert scene.agency.ids == [f"e{n:04}" for n in range(EVENTS + 40)], "each was applied once, in order"
    assert scene.browser.summary(AGENCY) == Summary()
    with closing(sqlite3.connect(folder / "diary.db")) as diary:
        came = diary.execute("SELECT person, position, replayed FROM came ORDER BY n").fetchall()
    first, again = EVENTS, [one for one in came[EVENTS:] if one[1] <= EVENTS]
    assert all(not replayed for _, _, replayed in came[:first])
    assert all(replayed for _, _, replayed in again), "what comes once more says so"
    assert {position for _, position, _ in again} == set(range(1, EVENTS + 1)), "nothing was passed over"
    new = [index for index, (_, position, _) in enumerate(came) if position > EVENTS]
    assert min(new) > max(index for index, (_, position, _) in enumerate(came) if position <= EVENTS)
    by_person = groupby(sorted(again, key=lambda one: one[0]), key=lambda one: one[0])
    for _, mine in by_person:
        firsts = list(dict.fromkeys(position for _, position, _ in mine))
        assert firsts == sorted(firsts), "no later event of a person came before an earlier one"
