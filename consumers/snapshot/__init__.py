"""The snapshot for a new agency: what it may know today, and the cursor to follow its feed from. No gap, no double."""

from __future__ import annotations

from consumers.snapshot.lines import Tally, content_of, lines, tally_of
from consumers.snapshot.moment import (
    ForeignSnapshot,
    Moment,
    SnapshotRefused,
    Stores,
    moment_of,
    take_moment,
    token_of,
)
from consumers.snapshot.pages import Page, pages
from consumers.snapshot.serving import Asked, snapshot

__all__ = [
    "Asked",
    "ForeignSnapshot",
    "Moment",
    "Page",
    "SnapshotRefused",
    "Stores",
    "Tally",
    "content_of",
    "lines",
    "moment_of",
    "pages",
    "snapshot",
    "take_moment",
    "tally_of",
    "token_of",
]
