"""Keeps the hub busy: takes files in by `dancu ingest`, one after the other, however often that is killed."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.demo.lines import SourceLine
from tests.faults.process import Process

#: Events in a file: some pieces of `dancu ingest`.
FILE = 1500
#: Seconds of a steady supply in a file.
_STEP = 2.0


@dataclass(slots=True)
class Supply:
    """A thread that starts `dancu ingest` again until a file is in, and takes the next one when the hub has room."""

    folder: Path
    lines: Sequence[SourceLine]
    #: Makes the process that takes a file in, without starting it.
    make: Callable[[Path], Process]
    #: How many events are decided.
    decided: Callable[[], int]
    #: How many lines were begun to be sent, and how many were taken as events.
    sent: int = 0
    received: int = 0
    #: The process that takes a file in just now.
    process: Process | None = None
    failure: BaseException | None = None
    #: Failed attempts that nobody killed, such as those while Kafka is away.
    refused: int = 0
    _ahead: int = 0
    _pace: float | None = None
    _gone: bool = False
    _rest: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    @property
    def backlog(self) -> int:
        """How many events of whole files are taken and not decided."""
        return self.received - self.decided()

    @property
    def exhausted(self) -> bool:
        """Whether all lines were sent."""
        return self.sent >= len(self.lines)

    def begin(self, ahead: int = 3000, pace: float | None = None) -> None:
        """From now on keep at least `ahead` events waiting for a decision, but send at most `pace` events a second."""
        self._ahead, self._pace = ahead, pace
        if self._thread is None:
            self._rest.clear()
            self._thread = threading.Thread(target=self._keep_on, name="supply", daemon=True)
            self._thread.start()

    def end(self, seconds: float = 180) -> None:
        """Take the file that was begun in to its end, and no more. Raises what went wrong."""
        self._rest.set()
        if self._thread is not None:
            self._thread.join(seconds)
            assert not self._thread.is_alive(), "a file can't be taken in to its end"
            self._thread = None
        if self.failure is not None:
            raise self.failure

    def give_up(self) -> None:
        """Kill what takes a file in, and begin nothing more."""
        self._gone = True
        self._rest.set()
        if self._thread is not None:
            while self._thread.is_alive():
                if self.process is not None and self.process.alive:
                    self.process.kill()
                self._thread.join(0.1)

    def _keep_on(self) -> None:
        try:
            due = time.monotonic()
            while not self._rest.is_set() and not self.exhausted:
                if self.backlog < self._ahead and time.monotonic() >= due:
                    due = time.monotonic() + (_STEP if self._pace else 0)
                    self._take_next(FILE if self._pace is None else round(self._pace * _STEP))
                else:
                    time.sleep(0.1)
        except BaseException as problem:
            self.failure = problem

    def _take_next(self, events: int) -> None:
        """Take the next file in to its end."""
        some = self.lines[self.sent : self.sent + events]
        file = self.folder / f"registers-{self.sent:06}.ndjson"
        file.write_bytes(b"".join(line.raw + b"\n" for line in some))
        self.sent += len(some)
        process = self.process = self.make(file)
        for _ in range(200):
            if self._gone:
                return
            process.start()
            code = process.wait(300)
            if code == 0:
                break
            if code > 0:
                self.refused += 1
                time.sleep(0.5)
        assert process.code == 0, f"{file.name} can't be taken in: {process.said()[-1000:]}"
        counts = json.loads(next(line for line in process.said().splitlines() if line.startswith("{")))
        self.received += counts["accepted"] + counts["duplicates"]
