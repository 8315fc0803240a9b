"""Keeps to the requests per minute that an endpoint allows."""

from __future__ import annotations


class Pace:
    """When the next request may begin. Times in seconds on any clock that only goes forward."""

    def __init__(self, per_minute: int | None) -> None:
        """`per_minute` is None when as many as wanted are allowed."""
        self._gap = 60.0 / per_minute if per_minute else 0.0
        self._free_at = 0.0

    def delay(self, now: float) -> float:
        """Take the next place, and return how long to wait for it."""
        start = max(now, self._free_at)
        self._free_at = start + self._gap
        return start - now
