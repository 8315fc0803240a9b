"""The end of a process does not wait for what hangs."""

from __future__ import annotations

import subprocess
import sys

#: A thread that Python itself would wait for.
_HANGS = """
import threading, time
threading.Thread(target=time.sleep, args=(600,)).start()
from deploy import leaving
"""


def _end_of(statements: str) -> int:
    return subprocess.run([sys.executable, "-c", _HANGS + statements], timeout=60, capture_output=True).returncode


def test_a_command_ends_with_its_code_although_a_thread_hangs() -> None:
    assert _end_of("leaving.leave(3)") == 3


def test_a_process_that_was_told_to_end_is_gone_after_a_while_and_was_well() -> None:
    assert _end_of("leaving._AT_LAST = 0.1; leaving.leave_soon(); time.sleep(600)") == 0


def test_a_process_that_ends_in_time_is_left_alone() -> None:
    assert _end_of("leaving._AT_LAST = 1.0; leaving.leave_soon().cancel(); time.sleep(1.5); leaving.leave(5)") == 5


def test_a_command_whose_log_still_takes_leave_of_its_cluster_ends_without_the_clients_own_end() -> None:
    takes_leave = """
import atexit, threading, time
from deploy import leaving
threading.Thread(target=time.sleep, args=(600,), name=leaving.LEAVING, daemon=True).start()
atexit.register(time.sleep, 600)  # as the client, when Python ends
leaving.leave(3)
"""
    assert subprocess.run([sys.executable, "-c", takes_leave], timeout=60).returncode == 3
