"""Gives the recorder of what happens its parts of the hub, and the hub its recorder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from deploy.bootstrap import Hub, now_ms
from hub.activity import Activity
from hub.observe import each
from monitoring.recording import Recorder


@contextmanager
def recorded(hub: Hub) -> Iterator[Hub]:
    """Yield the hub with its doings written down as counts, the last ones when the block is left."""
    with Recorder(Activity(hub.deliveries_db), now_ms) as recorder:
        yield replace(hub, observe=each(hub.observe, recorder))
