"""Killed at any line: what was delivered is in a file at the end, once, and every set that is seen is whole."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

from tests.adapters.ways.files.making import avro_records, drop, event, manifests

#: Lines of these modules are counted; every so many-th is a place to die at.
_STEP = 13
_OURS = tuple(str(Path("adapters", "ways", "files", name)) for name in ("drop.py", "journal.py", "safely.py"))
CALLS = [
    [event(1), event(2)],
    [event(3), replace(event(1), replayed=True)],
    [event(2), event(4), event(5), event(6)],
    [],
]


def _work(folder: Path) -> None:
    one = drop(folder, seconds=3600, events=3, formats=("avro",))
    for call in CALLS:
        one.deliver(call)


def _killed_at(line: int, folder: Path) -> bool:
    """Do the work in a process that dies at a line; say whether it came so far."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a newer Python warns of threads; the child has none
        child = os.fork()
    if child == 0:
        left = line

        def trace(frame: FrameType, what: str, _: Any) -> Any:
            nonlocal left
            if not frame.f_code.co_filename.endswith(_OURS):
                return None
            if what == "line":
                left -= 1
                if left == 0:
                    os._exit(9)
            return trace

        code = 1
        try:
            sys.settrace(trace)
            _work(folder)
            code = 0
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, 9)
    return status == 9


def test_killed_at_any_line_nothing_is_lost_and_nothing_comes_twice(tmp_path: Path) -> None:
    line = 1
    while _killed_at(line, folder := tmp_path / str(line)):
        manifests(folder)  # looks whether they are true
        _work(folder)
        drop(folder, formats=("avro",)).deliver(())
        found = avro_records(folder)
        fresh = [one["event_id"] for one in found if not one["replayed"]]
        again = {one["event_id"] for one in found if one["replayed"]}
        assert fresh == [f"event-{number}" for number in range(1, 7)]
        assert again == {"event-1"}
        shutil.rmtree(folder)
        line += _STEP
    assert line > 100
