"""One process of the hub, with a file for what it says, that can be killed, stopped, woken and started again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from tests.faults.lives import Forked, Life, Started

_MOMENT = 0.02
#: What a process says when a partition or a feed has become its own.
OURS = "are ours now"


@dataclass(slots=True)
class Process:
    """A `dancu` process as its operator sees it: by its id, its exit code and its words."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    #: What it says, all its lives together.
    log: Path
    #: What enters another network namespace or the like before Python starts.
    prefix: Sequence[str] = ()
    kills: int = 0
    _life: Life | None = field(default=None, repr=False)
    _since: int = 0

    def start(self) -> None:
        """Start it, for the first time or again."""
        assert not self.alive, f"{self.name} runs already"
        self._since = self.log.stat().st_size if self.log.exists() else 0
        if self.prefix:
            self._life = Started(self.prefix, self.words, self.environment, self.log)
        else:
            self._life = Forked(self.words, self.environment, self.log)

    @property
    def pid(self) -> int:
        """The id of the newest life. A prefix must `exec`, as `ip netns exec` does."""
        assert self._life is not None, f"{self.name} was never started"
        return self._life.pid

    @property
    def was_started(self) -> bool:
        """Whether it has lived at all."""
        return self._life is not None

    @property
    def alive(self) -> bool:
        """Whether it lives, stopped or not."""
        return self._life is not None and self.code is None

    @property
    def code(self) -> int | None:
        """The exit code of the newest life: minus a signal's number for one that was killed."""
        return None if self._life is None else self._life.code

    def kill(self) -> bool:
        """Kill it (SIGKILL). Return whether it was alive then."""
        if not self.alive or self._life is None:
            return False
        self._life.kill()
        was_killed = self.wait() == -signal.SIGKILL
        self.kills += was_killed
        return was_killed

    def terminate(self, seconds: float = 60) -> int:
        """Ask it to end (SIGTERM), and return its exit code. Fails when it takes longer."""
        if self.alive:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        return self.wait(seconds)

    def stop(self) -> None:
        """Let it stand still (SIGSTOP)."""
        self.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Wake it (SIGCONT)."""
        self.signal(signal.SIGCONT)

    def signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 120) -> int:
        """Wait for its end, and return its exit code. Fails when it takes longer."""
        assert self._life is not None
        deadline = time.monotonic() + seconds
        while (code := self.code) is None:
            assert time.monotonic() < deadline, f"{self.name} has not ended after {seconds:.0f} s"
            time.sleep(_MOMENT)
        return code

    def said(self, all_lives: bool = False) -> str:
        """Return what it has said in its newest life, or in all of them."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as words:
            words.seek(0 if all_lives else self._since)
            return words.read().decode(errors="replace")

    def await_words(self, words: str, seconds: float = 120) -> None:
        """Wait until it says this in its newest life, while it lives."""
        await_that(lambda: words in self.said(), f"{self.name} says {words!r}", seconds, self)


def await_that(condition: Callable[[], bool], what: str, seconds: float = 120, process: Process | None = None) -> None:
    """Wait for something to become true, as long as this process (if any) lives. Fails with `what`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert process is None or process.alive, f"{process and process.name} ended: not {what}"
        assert time.monotonic() < deadline, f"after {seconds:.0f} s still not: {what}"
        time.sleep(_MOMENT)


def is_at_work(process: Process) -> bool:
    """Whether a process has partitions or feeds of its own, or has the file open that it takes in."""
    if process.words[0] != "ingest":
        return process.words[0] not in ("worker", "deliver") or OURS in process.said()
    try:
        return any(found.path == process.words[1] for found in psutil.Process(process.pid).open_files())
    except psutil.Error:  # it has just ended
        return False
