"""The end of a command: nobody waits for a thread that hangs on a server which is gone."""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn

from hub.eventlog.connection import LEAVING

#: Seconds after which a process that was told to end is gone, whatever hangs.
_AT_LAST = 20.0
_LOG = logging.getLogger(__name__)


def leave_soon() -> threading.Timer:
    """End the process after a while, unless the timer is cancelled: a commit may wait for a cluster for a minute.

    What it had begun comes again, as after any kill.
    """
    timer = threading.Timer(_AT_LAST, _leave_at_last)
    timer.daemon = True
    timer.start()
    return timer


def _leave_at_last() -> None:
    _LOG.warning("ending although something still waits for an answer; nothing is lost, it comes again")
    with suppress(OSError, ValueError):
        sys.stderr.flush()
    os._exit(0)


def leave(code: int) -> NoReturn:
    """End the process with an exit code. Whatever still works in the background may be killed at any line anyway."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    here = threading.current_thread()
    others = [thread for thread in threading.enumerate() if thread is not here]
    if any(not thread.daemon or thread.name == LEAVING for thread in others):
        os._exit(code)  # Python itself, or the client's own end, would wait for it
    sys.exit(code)
