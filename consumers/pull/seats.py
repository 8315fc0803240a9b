"""How many requests may do something at once: of one agency, so that it can't take all, and of all together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from consumers.pull.kinds import problem

_AGAIN = {"Retry-After": "1"}


class Seats:
    """So many seats for each agency, and so many in all. For one event loop."""

    def __init__(self, what: str, most: tuple[int, int]) -> None:
        """`what` the requests do, in words; `most` of one agency and of all."""
        self._what = what
        self._most, self._most_of_all = most
        self._taken: Counter[str] = Counter()

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._taken.total()

    def of(self, agency: str) -> int:
        """Return how many an agency has taken."""
        return self._taken[agency]

    @contextmanager
    def seat(self, agency: str) -> Iterator[None]:
        """Take a seat while the block runs. Raises `Problem` 429 or 503 when there is none."""
        if self._taken[agency] >= self._most:
            raise problem("too-many-requests", f"{self._most} requests of {agency} {self._what} already.", _AGAIN)
        if self._taken.total() >= self._most_of_all:
            raise problem("busy", f"{self._most_of_all} requests {self._what} already.", _AGAIN)
        self._taken[agency] += 1
        try:
            yield
        finally:
            self._taken[agency] -= 1
            if not self._taken[agency]:
                del self._taken[agency]
