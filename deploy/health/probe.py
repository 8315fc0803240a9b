"""The check of what a process needs: its log, its database. Asked in the background, so that no answer ever waits."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.health.checks import Clock, Finding
from hub.discretion import hidden_numbers


class Probe:
    """Something that the process needs, such as its database. `ask` raises when it does not answer.

    Not ready before the first answer, after a bad one, and when one takes over `limit` seconds. Always live: starting
    this process again mends nobody else.
    """

    def __init__(
        self,
        name: str,
        ask: Callable[[], None],
        every: float = 5.0,
        *,
        limit: float = 10.0,
        clock: Clock = time.monotonic,
    ) -> None:
        """Ask `every` so many seconds, when somebody calls `look`."""
        self.name = name
        self.every = every
        self._ask = ask
        self._limit = limit
        self._clock = clock
        self._asked = clock()
        self._answer: Finding | None = None
        self._asking = False

    def look(self) -> None:
        """Ask and wait for the answer, however long that takes."""
        self._asked, self._asking = self._clock(), True
        try:
            self._ask()
            self._answer = Finding("ok", "answers")
        except Exception as error:
            self._answer = Finding("unreachable", _in_one_line(error), ready=False)
        finally:
            self._asking = False

    def finding(self) -> Finding:
        """Return the last answer, or for how long there has been none."""
        waited = self._clock() - self._asked
        if self._asking and waited > self._limit:
            return Finding("unreachable", f"no answer for {waited:.0f} s", ready=False)
        return self._answer or Finding("starting", "not asked yet", ready=False)


def _in_one_line(error: Exception) -> str:
    """Return the beginning of an error's first line, without personal numbers."""
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return hidden_numbers(first)[:200]
