"""Gives silence detection its parts of the hub: for the command line, the console and the metrics."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploy.bootstrap import Hub, now_ms
from hub.activity import Acknowledged, Activity
from monitoring.silence import Habits, Silence, is_behind, silences
from monitoring.silence.watch import PREFIXES


def watch_of(hub: Hub) -> Callable[[], Sequence[Silence]]:
    """Return what judges every feed now. What it learns it remembers; it raises what the log and the database raise."""
    activity, acknowledged, habits = Activity(hub.deliveries_db), Acknowledged(hub.deliveries_db), Habits()

    def look() -> Sequence[Silence]:
        behind = is_behind(hub.log, now_ms())
        known = {kind: acknowledged.of(kind) for kind in PREFIXES}
        return silences(activity, now_ms(), hub.agencies, behind=behind, habits=habits, acknowledged=known)

    return look
