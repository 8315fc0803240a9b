"""Hands out what is due: parked events that someone wants tried again, and what waited behind them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from consumers.attempt import Lane, attempt, latest_taken, scheduled
from consumers.feed import Feed, Progress, tell
from consumers.outage import Effort
from consumers.people import People
from hub.deliveries import Held, Link, Trial
from hub.destination import Unavailable


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
    """Only what the agency was given before is marked as replayed, not what merely waited."""
    trials: list[Trial] = []
    for replayed in (True, False):
        records = [entry.record for entry in ready if bool(entry.attempts) is replayed]
        if records:
            lane = Lane(feed, effort, replayed)
            trials += attempt(lane, records, latest_taken(trials) or effort.witness)
    return trials


def _record(feed: Feed, ready: Sequence[Held], trials: Sequence[Trial]) -> None:
    tried = {entry.record.position: entry for entry in ready}
    planned = [scheduled(feed, trial, tried[trial.record.position].attempts + 1) for trial in trials]
    taken = [trial.record.position for trial in trials if not trial.failure]
    behind = People.behind(feed.store.keys_behind(feed.agency, taken), feed.same_person)
    feed.store.record_due(feed.agency, tried, planned, behind.numbers)


def _progress(ready: Iterable[Held], trials: Sequence[Trial]) -> Progress:
    tried_before = {entry.record.position for entry in ready if entry.attempts}
    taken = [trial.record.position for trial in trials if not trial.failure]
    replayed = sum(position in tried_before for position in taken)
    return Progress(len(taken), len(trials) - len(taken), replayed=replayed, witness=latest_taken(trials))
