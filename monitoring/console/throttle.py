"""Slows down those who try tokens that are none."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Final

#: So many failures within so many seconds are allowed to each.
_TIMES: Final = 10
_SECONDS: Final = 60.0
#: How many are remembered, those who failed last.
_MOST: Final = 2000


class Throttle:
    """Counts failures by who tries. Takes a bounded amount of memory."""

    def __init__(self, steady: Callable[[], float]) -> None:
        """`steady` gives seconds that never go back."""
        self._steady = steady
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait(self, who: str) -> int:
        """Return how many seconds somebody has to wait before the next try; 0: none."""
        with self._lock:
            times = self._failed.get(who)
            if times is None or len(times) < _TIMES:
                return 0
            left = times[0] + _SECONDS - self._steady()
            return max(0, -int(-left // 1))

    def failed(self, who: str) -> None:
        """Note a failure."""
        with self._lock:
            self._failed.setdefault(who, deque(maxlen=_TIMES)).append(self._steady())
            self._failed.move_to_end(who)
            if len(self._failed) > _MOST:
                self._failed.popitem(last=False)
