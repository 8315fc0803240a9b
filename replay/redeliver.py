"""Replay: parked deliveries are marked as due, with who asked and why. The delivery loop does the rest."""

from __future__ import annotations

from hub.deliveries import Deliveries, Request
from replay.selection import Selection, condition


def make_due(store: Deliveries, selection: Selection, request: Request) -> int:
    """Mark the selected parked deliveries as due at `request.at`; return how many.

    What waits behind them comes by itself. What a schedule has put off is brought forward. What is due
    already keeps its first request. Raises `ValueError` when the request does not say who or why.
    """
    if not request.by.strip() or not request.reason.strip():
        raise ValueError("a replay needs the name of who asks for it and a reason")
    return store.make_due(condition(selection), request)


def estimate(store: Deliveries, selection: Selection, now: int) -> int:
    """Return how many deliveries `make_due` would mark now (milliseconds since 1970 UTC)."""
    return store.count_due(condition(selection), now)
