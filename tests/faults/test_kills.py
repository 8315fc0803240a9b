"""Fault 1: every process of the hub is killed at work, again and again."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from deploy.dev.ports import free_ports
from tests.faults.arena import Arena, arena
from tests.faults.kills import Killer
from tests.faults.over_http import Sender
from tests.faults.seed import chosen_seed

pytestmark = [pytest.mark.xdist_group("faults"), pytest.mark.timeout(900)]

#: Kills of living processes at work.
KILLS = {"worker": 40, "deliver": 40, "ingest": 20}
EVENTS = 12_000
#: Of the intake over HTTP, under load.
HTTP_KILLS, HTTP_EVENTS = 10, 3000


def test_nothing_is_lost_and_nothing_comes_twice_when_a_hundred_processes_are_killed_at_work(tmp_path: Path) -> None:
    seed = chosen_seed()
    with arena(tmp_path, events=EVENTS, seed=seed) as scene:
        scene.busy(workers=3, deliveries=3, ahead=EVENTS)
        Killer(scene, random.Random(seed)).kill_until(KILLS, 500)
        verdict = scene.finish("killed at work")
        assert sum(verdict.kills.values()) >= sum(KILLS.values())
        assert scene.said("are ours now")


def test_what_is_sent_over_http_is_taken_once_however_often_the_intake_is_killed(tmp_path: Path) -> None:
    seed = chosen_seed()
    with arena(tmp_path, events=HTTP_EVENTS, seed=seed) as scene:
        sender = Sender(free_ports(1)[0], scene.supply.lines)
        try:
            scene.workers(1)
            scene.deliveries(1)
            _kill_intake(scene, sender, random.Random(seed))
        finally:
            sender.give_up()
        scene.supply.sent = HTTP_EVENTS  # what the model is asked about
        verdict = scene.finish(f"intake over HTTP killed, {sender.unanswered} requests sent again")
        assert verdict.kills["intake"] == HTTP_KILLS


def _kill_intake(scene: Arena, sender: Sender, rng: random.Random) -> None:
    """Kill the intake some moments after it has begun to answer; then let everything be sent."""
    intake = scene.make("intake", "intake", "--port", str(sender.port))
    sender.begin()
    for _ in range(HTTP_KILLS):
        answered = sender.answered
        intake.start()
        scene.await_that(lambda n=answered: sender.done or sender.answered > n, "the intake answers")
        time.sleep(rng.uniform(0, 0.2))
        assert not sender.done, "everything was sent before there were enough kills"
        scene.kill(intake)
    intake.start()
    scene.await_that(lambda: sender.done, "everything is sent")
