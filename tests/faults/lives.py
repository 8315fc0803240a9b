"""The two ways in which a process of the hub comes to life: forked from one that is ready, or by a command."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from tests.faults.life import live

_MAIN = "from deploy.cli import main; main()"
#: Loading Python's modules takes a second or two: longer than most lives here. So processes are forked from one that
#: has loaded all of them and has opened nothing.
_FORKING = multiprocessing.get_context("forkserver")
_LOADED: Final = [
    "tests.faults.life",
    "deploy.cli",
    "deploy.cli.ingest",
    "deploy.cli.intake",
    "deploy.cli.worker",
    "hub.worker",
    "hub.eventlog.kafka",
    "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg",
    "adapters.http_intake.app",
    "adapters.http_intake.serving",
]
_FORKING.set_forkserver_preload(_LOADED)
#: Whoever asks for an exit code takes it from a pipe, and asks for those of all the others when one is started.
_one_at_a_time = threading.Lock()


class Life(Protocol):
    """One life of a process."""

    @property
    def pid(self) -> int: ...

    @property
    def code(self) -> int | None:
        """The exit code, or minus the number of the signal that ended it; None while it lives."""

    def kill(self) -> None: ...


class Forked:
    """A life that begins as a copy of a process that is ready."""

    def __init__(self, words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Begin it."""
        self._process = _FORKING.Process(target=live, args=(words, dict(environment), log))
        with _one_at_a_time:
            self._process.start()
        assert self._process.pid is not None
        self.pid = self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code."""
        with _one_at_a_time:
            return self._process.exitcode

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()


class Started:
    """A life that begins with a command, such as one that enters another network namespace."""

    def __init__(self, prefix: Sequence[str], words: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        """Begin it."""
        command = [*prefix, sys.executable, "-c", _MAIN, *words]
        with log.open("ab") as said:
            self._popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, env=dict(environment)
            )
        self.pid = self._popen.pid
        self.kill = self._popen.kill

    @property
    def code(self) -> int | None:
        """The exit code."""
        return self._popen.poll()
