"""The lane of mass runs: let into `received` only when it is empty and the agencies keep up.

So a correction of millions of addresses delays no death and no annulment, neither in the pipeline nor in the feeds.
"""

from __future__ import annotations

from collections.abc import Sequence

from hub.eventlog import Log, Outputs, PositionMoved
from hub.topics import BULK, DELIVER, RECEIVED, outbox

_GROUP = "bulk"

#: How many undelivered events a feed may have for a mass run to go on.
_AHEAD = 2000


class BulkLane:
    """Moves mass runs into `received`, a piece at a time."""

    def __init__(self, log: Log, agencies: Sequence[str], piece: int = 500) -> None:
        """`piece` is the most events let in at once: what a death may have to wait behind."""
        self._log = log
        self._feeds = [outbox(agency) for agency in agencies]
        self._piece = piece
        self._seen: dict[str, int] = {}

    def let_in(self) -> bool:
        """Move the next piece; say whether there was one and room for it. Call when `received` is empty."""
        if not self._has_room():
            return False
        batch = self._log.read(BULK, _GROUP, self._piece)
        if not batch.records:
            return False
        messages = [record.message for record in batch.records]
        try:
            self._log.commit(batch, Outputs({RECEIVED: messages}))
        except PositionMoved:
            return False
        return True

    def _has_room(self) -> bool:
        """Whether no feed is far behind, but for those that don't move at all: a dead agency holds up nobody."""
        crowded = False
        for feed in self._feeds:
            committed, last = self._log.extent(feed, DELIVER)
            moves = committed != self._seen.get(feed, committed)
            self._seen[feed] = committed
            crowded = crowded or (last - committed > _AHEAD and moves)
        return not crowded
