"""What was planned to be sent again, who approved it, and what became of it."""

from __future__ import annotations

from hub.replays.replay import (
    Approval,
    Item,
    ItemState,
    Kind,
    NeedsAnother,
    NoSuchReplay,
    NotNow,
    Plan,
    Replay,
    ReplayState,
)
from hub.replays.store import Move, Replays

__all__ = [
    "Approval",
    "Item",
    "ItemState",
    "Kind",
    "Move",
    "NeedsAnother",
    "NoSuchReplay",
    "NotNow",
    "Plan",
    "Replay",
    "ReplayState",
    "Replays",
]
