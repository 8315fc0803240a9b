"""What a check is, and the two of a process's own work: a loop that turns, and work that gets on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, Protocol

#: How many limits late a loop may be before the process is better started again.
_WEDGED = 5

#: Seconds that only go forwards.
Clock = Callable[[], float]


class Finding(NamedTuple):
    """What a check says now. Not ready: give it no work. Not live: start the process again."""

    #: ok, starting, late, stuck, unreachable or stopping.
    state: str
    #: The same in words, without anything personal.
    what: str
    ready: bool = True
    live: bool = True


class Check(Protocol):
    """Something that can be told at once, without asking anybody."""

    @property
    def name(self) -> str:
        """What is checked; unique within a process."""

    def finding(self) -> Finding:
        """Return what is known now. Never waits."""


class Asked(Check, Protocol):
    """A check that has to ask somebody, which may take long: `look` is called in a thread of its own."""

    @property
    def every(self) -> float:
        """Seconds between two looks."""

    def look(self) -> None:
        """Ask, and remember the answer. Raises nothing."""


class Pulse:
    """A loop that turns. Not ready before its first turn and when the last one is over `limit` seconds ago.

    Five times as late the process is not live either: the loop is wedged and does not come back by itself.
    """

    def __init__(self, name: str, limit: float, clock: Clock = time.monotonic) -> None:
        """Begin to count now: a loop that never turns is late too."""
        self.name = name
        self._limit = limit
        self._clock = clock
        self._last = clock()
        self._pause = 0.0
        self._turned = False

    def beat(self, pause: float = 0.0) -> None:
        """Say that the loop turned. It may rest for `pause` seconds now without being late."""
        self._last, self._pause, self._turned = self._clock(), pause, True

    def finding(self) -> Finding:
        """Return how long ago the last turn was."""
        late = max(0.0, self._clock() - self._last - self._pause)
        live = late <= _WEDGED * self._limit
        if late > self._limit:
            return Finding("late", f"no turn for {late:.0f} s; {self._limit:g} s are allowed", ready=False, live=live)
        if not self._turned:
            return Finding("starting", "has not turned yet", ready=False)
        return Finding("ok", "turns")


class Progress:
    """Work that gets on. Not ready when some has been waiting for over `limit` seconds and nothing was committed.

    `behind` says whether work is waiting *for this process*: with a shared group, in its own partitions. It is asked
    every `every` seconds.
    """

    def __init__(
        self, name: str, limit: float, behind: Callable[[], bool], clock: Clock = time.monotonic, every: float = 5.0
    ) -> None:
        """Begin with nothing waiting."""
        self.name = name
        self.every = every
        self._limit = limit
        self._behind = behind
        self._clock = clock
        self._moved = clock()
        self._waiting_since: float | None = None

    def moved(self) -> None:
        """Say that something was committed."""
        self._moved = self._clock()

    def look(self) -> None:
        """Ask whether work is waiting. That nobody knows is for a probe to say; then what was known stands."""
        try:
            waiting = self._behind()
        except Exception:
            return
        if not waiting:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = self._clock()

    def finding(self) -> Finding:
        """Return for how long work has been waiting."""
        since = self._waiting_since
        if since is None:
            return Finding("ok", "nothing is waiting")
        still = self._clock() - max(since, self._moved)
        if still > self._limit:
            return Finding(
                "stuck",
                f"work is waiting, nothing committed for {still:.0f} s; {self._limit:g} s are allowed",
                ready=False,
            )
        return Finding("ok", "gets on")
