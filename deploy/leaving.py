"""The end of a command: nobody waits for a thread that hangs on a server which is gone."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import NoReturn


def leave(code: int) -> NoReturn:
    """End the process with an exit code. Whatever still works in the background may be killed at any line anyway."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    here = threading.current_thread()
    if any(thread is not here and not thread.daemon for thread in threading.enumerate()):
        os._exit(code)  # Python itself would wait for it
    sys.exit(code)
