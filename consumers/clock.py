"""A clock that ran ahead and was put right holds nothing up: what it has put off for too long is brought forward.

When something is due stands in the database as a time of day, so that whoever comes next knows it. That is too late
by as much as the clock went back.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass

from consumers.feed import Feed
from hub.deliveries import PutOff

_LOG = logging.getLogger(__name__)
#: Milliseconds by which the clocks of two machines may differ, and by which one may be put back unnoticed.
_DIFFER = 5_000
_PAGE = 1000


@dataclass(slots=True)
class Watch:
    """What a loop knows of its clock."""

    #: What time it was at the last look; None: there was none, or somebody else handed out the feed since.
    seen: int | None = None

    def look(self, feed: Feed, *, mine: bool) -> bool:
        """Look at the clock; say whether anything was brought forward. `mine`: it is we who hand out the feed.

        It is when we begin, when we take a feed over, and when our clock has gone back, that something may stand there
        that was put off by a clock ahead of ours.
        """
        now = feed.now()
        suspect = self.seen is None or now < self.seen - _DIFFER
        self.seen = now if mine else None
        return suspect and mine and bring_forward(feed, now)


def bring_forward(feed: Feed, now: int) -> bool:
    """Make due at once what a clock ahead of `now` has put off for too long; say whether there was any."""
    pause = int(feed.patience.longest_pause * 1000)
    moved, after = 0, (0, 0)
    while page := feed.store.put_off(feed.agency, now + pause + _DIFFER, after, _PAGE):
        after = (page[-1].due_at, page[-1].position)
        late = [one.position for one in page if too_late(feed, one, now)]
        if late:
            feed.store.postpone(feed.agency, late, now)
            moved += len(late)
    if moved:
        _LOG.warning("%s: the clock was ahead; %d that it has put off are tried again now", feed.agency, moved)
        if feed.line is not None:
            feed.line.orders.forget()
    return moved > 0


def too_late(feed: Feed, one: PutOff, now: int) -> bool:
    """Say whether no schedule has put this off so far, by a clock that is right at `now`. Pure.

    Nothing but the schedule puts anything off for longer than a pause after an outage; and it counts from the last
    attempt. An attempt that is still to come was noted by a clock ahead, and so were the pauses behind it.
    """
    if one.tried_at is None or one.asked or one.tried_at < (one.waiting_since or 0):
        return True
    planned = feed.schedule(one.attempts, one.error_class, one.tried_at)
    return one.tried_at > now + _DIFFER or planned is None or one.due_at > planned + _DIFFER
