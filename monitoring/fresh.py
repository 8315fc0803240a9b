"""A value that is read at most every so many seconds, however many ask for it: consoles and scrapes share one look."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, NamedTuple, TypeVar

_Value = TypeVar("_Value")


class _Look(NamedTuple, Generic[_Value]):
    #: When the reading began, by the clock.
    at: float
    value: _Value | None
    error: Exception | None


class Fresh(Generic[_Value]):
    """What `read` returns, at most `seconds` old. One reader at a time; meanwhile others get the value before.

    What `read` raises goes to everybody who asks within `seconds`: a broken store is not asked once per caller.
    """

    def __init__(self, read: Callable[[], _Value], seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` returns seconds that only go forwards. Nothing is read before somebody asks."""
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._last: _Look[_Value] | None = None

    def __call__(self) -> _Value:
        """Return the value. Waits for the reader only where there is no value before. Raises what `read` raises."""
        last = self._last
        if last is not None and self._is_new(last):
            return _answer(last)
        if not self._lock.acquire(blocking=last is None or last.error is not None):
            assert last is not None  # noqa: S101 - else we had waited
            return _answer(last)
        try:
            if self._last is None or not self._is_new(self._last):  # otherwise somebody read while we waited
                self._last = self._look()
            return _answer(self._last)
        finally:
            self._lock.release()

    def at_hand(self) -> _Value | None:
        """Return the value if it is not old, or somebody reads it anew: for those who must never wait or read."""
        last = self._last
        return last.value if last is not None and (self._is_new(last) or self._lock.locked()) else None

    def forget(self) -> None:
        """Read anew the next time, because something was changed by the one who asks."""
        with self._lock:
            self._last = None

    def _is_new(self, look: _Look[_Value]) -> bool:
        return self._clock() - look.at < self._seconds

    def _look(self) -> _Look[_Value]:
        at = self._clock()
        try:
            return _Look(at, self._read(), None)
        except Exception as error:
            return _Look(at, None, error)


def _answer(look: _Look[_Value]) -> _Value:
    if look.error is not None:
        raise look.error.with_traceback(None)  # else each who asks would lengthen the same traceback
    return look.value  # type: ignore[return-value]


class InTime(Generic[_Value]):
    """What `read` returns, if it takes at most `limit` seconds: nobody waits longer for a store that hangs.

    The reading goes on all the same, and whoever asks meanwhile gets its answer: there is never a second one beside it.
    """

    def __init__(self, read: Callable[[], _Value], limit: float) -> None:
        self._read = read
        self._limit = limit
        self._lock = threading.Lock()
        self._under_way: Future[_Value] | None = None

    def __call__(self) -> _Value:
        """Return the value. Raises TimeoutError, and what `read` raises."""
        with self._lock:
            future = self._under_way
            if future is None or future.done():
                future = self._under_way = Future()
                # a daemon: what hangs must not keep the process
                threading.Thread(target=self._answer, args=(future,), name="look", daemon=True).start()
        return future.result(self._limit)

    def _answer(self, future: Future[_Value]) -> None:
        try:
            future.set_result(self._read())
        except Exception as error:
            future.set_exception(error)
