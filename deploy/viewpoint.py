"""What consoles and scrapes look at alike: each is read once for all who ask in this process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from deploy.bootstrap import Hub
from deploy.silence import watch_of
from deploy.standing import standing_of
from deploy.targets import targets_of
from monitoring.clock import offset_of
from monitoring.fresh import Fresh
from monitoring.integrity import Integrity
from monitoring.silence import Silence
from monitoring.standing import Standing

#: Seconds that each may be old. What is usual for a feed changes slowly, but its silence grows.
_STANDING: Final = 2.0
_FEEDS: Final = 5.0


class Viewpoint(NamedTuple):
    """The looks of one process. Nothing is read before somebody asks; reading raises what the stores raise."""

    #: How the hub and its agencies stand.
    standing: Fresh[Standing]
    #: How silent each feed is, judged by what was learnt of its past.
    feeds: Fresh[Sequence[Silence]]
    #: Whether the audit trail and the clock hold; somebody has to make it look.
    integrity: Integrity


def viewpoint_of(hub: Hub) -> Viewpoint:
    """Return the looks at a hub, for one process."""
    targets = targets_of(hub.settings)
    return Viewpoint(
        Fresh(lambda: standing_of(hub, targets), _STANDING),
        Fresh(watch_of(hub), _FEEDS),
        Integrity(hub.deliveries_db, offset_of(hub.deliveries_db)),
    )
