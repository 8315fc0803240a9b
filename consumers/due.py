"""Hands out what is due: parked events that someone wants tried again, and what waited behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from consumers.attempt import Lane, answered, attempt, latencies_of, latest_taken, scheduled
from consumers.feed import Feed, Progress, tell
from consumers.outage import Effort
from consumers.people import People
from hub.deliveries import Failure, Held, Link, Outcome, Trial
from hub.destination import Unavailable
from hub.eventlog import Record


def deliver_due(feed: Feed, effort: Effort) -> Progress:
    """Hand out one page of what is due, at most one event per person.

    What waited behind an event that is taken now becomes due itself, so the next turn brings it. Raises
    `Unavailable`; then the page stays due, but is put off for a pause.
    """
    started = feed.clock()
    due = feed.store.due(feed.agency, feed.now(), feed.limit)
    ready = _ready(feed, due)
    if not ready:
        return Progress()
    try:
        trials = _attempt(feed, effort, ready)
    except Unavailable:
        until = feed.now() + int(feed.patience.pause(effort.outages + 1) * 1000)
        feed.store.postpone(feed.agency, [entry.record.position for entry in ready], until)
        raise
    _record(feed, ready, trials)
    progress = _progress(ready, trials)
    tell(feed, progress, started)
    return progress


def _ready(feed: Feed, due: Sequence[Held]) -> list[Held]:
    """Return the due events whose turn it is. The others wait behind what their person has before them."""
    if not due:
        return []
    people = People.behind((entry.record.key for entry in due), feed.same_person)
    heads = people.earliest(feed.store.open_ends(feed.agency, people.all_numbers))
    ready, early = [], []
    for entry in due:
        place, head = entry.record.position, heads.get(people.person(entry.record.key))
        if head == place:
            ready.append(entry)
        elif head is not None and head < place:
            early.append(Link(place, head))
    if early:
        feed.store.hold_back(feed.agency, early, feed.now())
    return ready


def _attempt(feed: Feed, effort: Effort, ready: Sequence[Held]) -> list[Trial]:
    """Only what somebody wants to be sent again is marked as replayed, not what waited or is tried by the schedule.

    What the agency may not have any more is not sent.
    """
    barred = feed.may_have(feed.agency, [entry.record for entry in ready])
    trials = [_withheld(feed, entry.record, barred[entry.record.position]) for entry in ready if _is_in(barred, entry)]
    for replayed in (True, False):
        free = [entry for entry in ready if not _is_in(barred, entry)]
        records = [entry.record for entry in free if _replayed(entry) is replayed]
        if records:
            lane = Lane(feed, effort, replayed)
            trials += attempt(lane, records, latest_taken(trials) or effort.witness)
    return trials


def _is_in(barred: Mapping[int, str], entry: Held) -> bool:
    return entry.record.position in barred


def _withheld(feed: Feed, record: Record, reason: str) -> Trial:
    failure = Failure(Outcome.WITHHELD, reason, "not sent: the legal basis does not hold any more")
    return Trial(record, failure, feed.now(), 0.0)


def _replayed(entry: Held) -> bool:
    return bool(entry.attempts) and entry.request is not None


def _record(feed: Feed, ready: Sequence[Held], trials: Sequence[Trial]) -> None:
    tried = {entry.record.position: entry for entry in ready}
    planned = [
        trial if trial.closes else scheduled(feed, trial, tried[trial.record.position].attempts + 1) for trial in trials
    ]
    gone = [trial.record.position for trial in trials if trial.closes]
    behind = People.behind(feed.store.keys_behind(feed.agency, gone), feed.same_person)
    feed.store.record_due(feed.agency, tried, planned, behind.numbers)


def _progress(ready: Iterable[Held], trials: Sequence[Trial]) -> Progress:
    tried_before = {entry.record.position for entry in ready if entry.attempts}
    taken = [trial.record.position for trial in trials if not trial.failure]
    replayed = sum(position in tried_before for position in taken)
    heard = any(map(answered, trials))
    return Progress(
        len(taken),
        len(trials) - len(taken),
        replayed=replayed,
        witness=latest_taken(trials),
        answered=heard,
        latencies=latencies_of(trials),
    )
