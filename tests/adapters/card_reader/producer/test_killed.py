"""Killed at any moment between a card and its acknowledgement, again and again: nothing is lost or comes twice."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

from tests.adapters.card_reader.producer.hub import TestHub, a_hub
from tests.adapters.card_reader.producer.making import FOUND, a_device, joined

ROOT = Path(__file__).parents[4]
KILLS = 12


def work_until_killed(home: Path, shown: Path, seconds: float) -> None:
    """Let a counter work for some time from its first event on, and kill it."""
    before = shown.stat().st_size
    with shown.open("ab") as out:
        command = [sys.executable, "-m", "tests.adapters.card_reader.producer.killed", str(home)]
        with subprocess.Popen(command, cwd=ROOT, stdout=out) as process:
            deadline = time.monotonic() + 60
            while shown.stat().st_size == before:
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.001)
            time.sleep(seconds)
            process.kill()
            assert process.wait() == -9


def test_what_an_operator_was_shown_arrives_once_whenever_the_counter_is_killed(tmp_path: Path) -> None:
    home, shown, rng = tmp_path / "home", tmp_path / "shown", random.Random(5)
    shown.touch()
    with a_hub() as hub:
        joined(hub, home)
        for number in range(KILLS):
            trouble(hub, number)
            work_until_killed(home, shown, rng.uniform(0, 0.08))
        hub.status, hub.mute = 0, 1
        with a_device(hub, home) as device:
            device.recorder.record(FOUND)
            device.send_all()
        hub.check_row()
        seen = set(shown.read_text().split())
        assert len(seen) >= KILLS
        assert seen <= hub.taken.keys()
        # what was being written when a kill came was safe, and nobody had seen it yet
        assert len(hub.taken) - 1 - len(seen) <= KILLS
        assert hub.repeated > 0  # an answer was lost


def trouble(hub: TestHub, number: int) -> None:
    """Have the line up, up with lost answers, or down."""
    hub.status, hub.mute = ((0, 0), (0, 3), (503, 0))[number % 3]
