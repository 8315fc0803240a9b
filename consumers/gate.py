"""Lets only a few of many loops work at once, so that what they hold in memory stays little and each gets done soon."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

#: Up to so many loops work as they like; of more than those, so many at once.
_FEW, _ROOM = 20, 8


class Gate(Protocol):
    """Whoever works is inside; whoever waits for an agency is outside, so that one that hangs keeps nobody from it."""

    def __enter__(self) -> object:
        """Wait until there is room, then be inside."""

    def __exit__(self, *_: object) -> None:
        """Make room."""

    def outside(self) -> AbstractContextManager[object]:
        """Make room for as long as an agency is asked, then come in again before all who are new."""


class Open:
    """A gate with room for all."""

    def __enter__(self) -> None:
        """Come in at once."""

    def __exit__(self, *_: object) -> None:
        """Nobody waits."""

    def outside(self) -> AbstractContextManager[object]:
        """Return what changes nothing."""
        return self


class Narrow:
    """A gate with room for so many threads; in turn, those first who come back with what they hold."""

    def __init__(self, room: int) -> None:
        self._lock = threading.Lock()
        self._room = room
        self._back: deque[threading.Lock] = deque()
        self._new: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        """Wait until there is room."""
        self._come(self._new)

    def __exit__(self, *_: object) -> None:
        """Make room."""
        self._leave()

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Make room meanwhile."""
        self._leave()
        try:
            yield
        finally:
            self._come(self._back)

    @classmethod
    def among(cls, loops: int) -> Gate:
        """Return the gate for so many loops in one process: a few need none."""
        return Open() if loops <= _FEW else cls(_ROOM)

    def _come(self, queue: deque[threading.Lock]) -> None:
        with self._lock:
            if self._room:
                self._room -= 1
                return
            turn = threading.Lock()
            turn.acquire()
            queue.append(turn)
        turn.acquire()  # released by who makes room for us

    def _leave(self) -> None:
        with self._lock:
            waiting = self._back or self._new
            if waiting:
                waiting.popleft().release()
            else:
                self._room += 1
