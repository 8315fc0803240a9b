"""Faust hosts the pipeline: batch after batch until it is told to stop, and it never swallows what breaks."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

_PROGRAM = """
import asyncio, sys
from pathlib import Path
from hub.eventlog import Message, Outputs, PositionMoved
from hub.eventlog.sqlite import SqliteLog
from hub.topics import PIPELINE, RECEIVED
from hub.worker import Work, work_until

folder, story = Path(sys.argv[1]), sys.argv[2]
log = SqliteLog(folder / "log.db")
log.append(Outputs({RECEIVED: [Message("p", b"", {"n": str(n)}) for n in range(25)]}))
empty, ticks, calls = [], [], []

async def main():
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def process(log, batch):
        calls.append(batch.last)
        if story == "raises" and len(calls) == 2:
            raise ArithmeticError("the pipeline broke")
        if story == "moved" and len(calls) == 2:
            log.commit(batch, Outputs({"done": [r.message for r in batch.records]}))
            raise PositionMoved("another was quicker")
        log.commit(batch, Outputs({"done": [r.message for r in batch.records]}))

    def on_empty():
        empty.append(log.extent(RECEIVED, PIPELINE))
        if len(empty) == 1:
            log.append(Outputs({RECEIVED: [Message("p", b"", {"n": "25"})]}))
            return True
        if story == "bulk" and len(empty) == 2:
            raise OSError("the lane broke")
        loop.call_soon_threadsafe(stop.set)
        return False

    def on_tick():
        ticks.append(1)
        if story == "tick":
            raise OSError("the watch broke")

    if story == "tick":
        on_empty = lambda: False
    await work_until(stop, Work(log, process, on_tick, on_empty, folder / "faust", limit=10))

try:
    asyncio.run(main())
except Exception as error:
    print(type(error).__name__, error)
print([r.headers["n"] for r in log.scan("done", 0, 100)] == [str(n) for n in range(26)], len(log.scan("done", 0, 100)))
"""


def run(folder: Path, story: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM, str(folder), story], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("story", "told"),
    [
        ("all is well", ["True 26"]),
        ("moved", ["True 26"]),
        ("raises", ["ArithmeticError the pipeline broke", "False 10"]),
        ("bulk", ["OSError the lane broke", "True 26"]),
        ("tick", ["OSError the watch broke", "False 25"]),
    ],
)
def test_the_worker_goes_on_until_it_is_told_to_stop_or_breaks(tmp_path: Path, story: str, told: list[str]) -> None:
    assert run(tmp_path, story) == told
