"""What waits for the desk: bounded in events and bytes, handed out in groups, with room for every sender."""

from __future__ import annotations

import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from adapters.http_intake.verdict import Verdict
from hub.intake.desk import Sent


class Busy(Exception):
    """So much is waiting that nothing more is taken in now."""


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What one request hands in. Places are unique for ever, so that nothing of another request is touched."""

    sender: str
    pieces: Sequence[Sent]
    #: The ids, where events have one, in the order of the pieces.
    event_ids: Sequence[str | None]
    answer: Future[Verdict] = field(default_factory=Future)

    @property
    def size(self) -> int:
        """Bytes that wait with it."""
        return sum(len(p.content) if isinstance(p.content, bytes) else 1 for p in self.pieces)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much may wait and how much goes to the desk at once."""

    #: Events and bytes that may wait. One sender may fill half of it: the others keep their room.
    events: int = 10_000
    bytes: int = 64 * 1024 * 1024
    #: Events that go to the desk at once, if one request does not have more.
    group: int = 1000
    #: Seconds that the first of a group waits for others.
    linger: float = 0.002


class Queue:
    """Requests in the order in which they came. Any number of threads put, one takes."""

    def __init__(self, bounds: Bounds) -> None:
        """Begin empty and open."""
        self._bounds = bounds
        self._waiting: deque[HandedIn] = deque()
        self._events: Counter[str] = Counter()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, handed: HandedIn) -> None:
        """Put a request at the end. Raises `Busy` when there is no room for it, or when the queue is closed."""
        with self._changed:
            if self._closed or not self._has_room(handed):
                raise Busy
            self._waiting.append(handed)
            self._events[handed.sender] += len(handed.pieces)
            self._bytes += handed.size
            self._changed.notify()

    def close(self) -> None:
        """Let nothing more in; what is there is still handed out."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def next_group(self, patience: float) -> list[HandedIn] | None:
        """Take the next group; nothing after so many seconds without one, None when the queue is closed and empty."""
        with self._changed:
            if not self._waiting and not self._closed:
                self._changed.wait(patience)
            if self._closed and not self._waiting:
                return None
            self._wait_for_others()
            return self._take_group()

    def _has_room(self, handed: HandedIn) -> bool:
        count, most = len(handed.pieces), self._bounds.events
        if self._bytes + handed.size > self._bounds.bytes or self._events.total() + count > most:
            return False
        return self._events[handed.sender] + count <= most // 2

    def _wait_for_others(self) -> None:
        end = time.monotonic() + self._bounds.linger
        while self._waiting and self._events.total() < self._bounds.group and not self._closed:
            left = end - time.monotonic()
            if left <= 0:
                return
            self._changed.wait(left)

    def _take_group(self) -> list[HandedIn]:
        group: list[HandedIn] = []
        events = 0
        while self._waiting and (not group or events + len(self._waiting[0].pieces) <= self._bounds.group):
            handed = self._waiting.popleft()
            group.append(handed)
            events += len(handed.pieces)
            self._bytes -= handed.size
            self._events[handed.sender] -= len(handed.pieces)
        return group
