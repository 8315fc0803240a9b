"""The life of one process of the hub, from its fork to its end."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_DIE_WITH_PARENT = 1


def live(words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Be a `dancu` command: with its own environment, saying everything to a file."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)  # nothing is left when the tests are killed
    os.environ.clear()
    os.environ.update(environment)
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(said, stream)
    os.close(said)
    sys.argv = ["dancu", *words]

    from deploy.cli import main  # loaded before the fork

    main()
