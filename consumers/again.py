"""Hands out a stretch of a feed once more, because an operator has rewound it. Everything else waits behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from consumers.attempt import Lane, answered, attempt, latest_taken
from consumers.feed import Feed, Progress, tell
from consumers.handout import hand_out
from consumers.line import Line
from consumers.outage import Effort
from consumers.people import People
from hub.contacts import Rewind
from hub.deliveries import Account
from hub.eventlog import Record
from hub.topics import DELIVER


def deliver_again(feed: Feed, effort: Effort) -> Progress | None:
    """Hand out the next page of a rewind; None when there is none to hand out. Raises `Unavailable`.

    What the agency has not taken yet is left to its first delivery; what it may not have any more is not sent; what it
    refuses now is parked like anything that it refuses. Until the rewind is through, nothing else is handed out: later
    events may not come before earlier ones.
    """
    line = feed.line
    rewind = line.orders.rewind(feed.agency) if line else None
    if line is None or rewind is None:
        return None
    started = feed.clock()
    committed = feed.log.read(feed.topic, DELIVER, 1).after  # where others share the feeds, only who reads has one
    if not line.log.owned(feed.topic, DELIVER):
        return None
    #: What was delivered before the rewind was noticed comes again too: else it would have come too early.
    rewind = replace(rewind, until=max(rewind.until, committed, feed.store.last_taken(feed.agency)))
    if effort.isolate and effort.witness is not None:
        attempt(Lane(feed, Effort(), replayed=True), [effort.witness], None)  # is it there at all?
    limit = 1 if effort.outages and not effort.isolate else feed.limit
    records, reached = _page(feed, line, rewind, limit)
    account = _hand_out(feed, effort, records)
    if line.rewinds.advance(rewind, account, reached) is None:
        line.orders.forget()
        return Progress(moved=True)
    line.orders.forget()
    refused = sum(trial.failure is not None for trial in account.trials)
    taken = len(account.trials) - refused
    progress = Progress(
        taken,
        refused,
        len(account.waiting),
        replayed=taken,
        rewound=True,
        witness=latest_taken(account.trials),
        answered=any(map(answered, account.trials)),
    )
    tell(feed, progress, started)
    return progress


def _page(feed: Feed, line: Line, rewind: Rewind, limit: int) -> tuple[list[Record], int]:
    """Return the next records that the agency has taken before, and how far the page reaches."""
    found = line.log.scan(feed.topic, rewind.reached, limit)
    page = [record for record in found if record.position <= rewind.until]
    if not page:
        return [], rewind.until  # the log does not keep it any more, or it was the last
    taken = feed.store.taken(feed.agency, [record.position for record in page])
    again = [record for record in page if record.position in taken]
    barred = feed.may_have(feed.agency, again)
    return [record for record in again if record.position not in barred], page[-1].position


def _hand_out(feed: Feed, effort: Effort, records: Sequence[Record]) -> Account:
    if not records:
        return Account([], [], {}, feed.now())
    people = People.behind((record.key for record in records), feed.same_person)
    heads = people.earliest(feed.store.open_ends(feed.agency, people.all_numbers))
    first = records[0].position
    #: Only what was put back in this rewind can be open before an event that was delivered once.
    tails = {person: head for person, head in heads.items() if head < first}
    return hand_out(Lane(feed, effort, replayed=True), records, people, tails)
