"""After an outage: one single event says whether the agency is back, before it gets whole batches again."""

from __future__ import annotations

from dataclasses import replace

from consumers.attempt import Lane, answered, attempt, latencies_of, latest_taken, scheduled
from consumers.due import deliver_due
from consumers.feed import Feed, Progress, tell
from consumers.outage import Effort
from consumers.people import People
from hub.deliveries import Account
from hub.eventlog import Record
from hub.topics import DELIVER


def probe(feed: Feed, effort: Effort) -> Progress:
    """Hand out one event, another one after each outage. Raises `Unavailable`; nothing to try is idle.

    It may be the very event that makes the agency fall over. So after some outages what the agency has taken before
    takes its turn too (it is applied once, however often it comes): when that is answered, the agency is there.
    """
    started = feed.clock()
    fresh_first = effort.outages % 2 == 0
    if not fresh_first and not (progress := _one_due(feed, effort)).idle:
        return progress
    candidates = [*_candidates(feed), *_witnesses(feed, effort)]
    if not candidates:
        return _one_due(feed, effort) if fresh_first else Progress()
    record = candidates[(effort.outages - 1) % len(candidates)]
    trials = [scheduled(feed, trial, 1) for trial in attempt(Lane(feed, Effort()), [record], None)]
    heard, witness = any(map(answered, trials)), latest_taken(trials)
    if effort.witness is not None and record.position == effort.witness.position:
        return Progress(witness=witness or effort.witness, answered=heard)
    feed.store.record(feed.agency, Account(trials, [], {}, feed.now()))
    rejected = sum(trial.failure is not None for trial in trials)
    progress = Progress(1 - rejected, rejected, witness=witness, answered=heard, latencies=latencies_of(trials))
    tell(feed, progress, started)
    return progress


def _one_due(feed: Feed, effort: Effort) -> Progress:
    return deliver_due(replace(feed, limit=1), effort)


def _candidates(feed: Feed) -> list[Record]:
    """Return each person's first event of the next batch that has nothing open before it."""
    batch = feed.log.read(feed.topic, DELIVER, feed.limit)
    if not batch.records:
        return []
    settled = feed.store.settled(feed.agency, batch.records[0].position, batch.last)
    records = [record for record in batch.records if record.position not in settled]
    people = People.behind((record.key for record in records), feed.same_person)
    busy = set(people.latest(feed.store.open_ends(feed.agency, people.all_numbers)))
    firsts: dict[str, Record] = {}
    for record in records:
        person = people.person(record.key)
        if person not in busy:
            firsts.setdefault(person, record)
    return list(firsts.values())


def _witnesses(feed: Feed, effort: Effort) -> list[Record]:
    late = effort.outages >= feed.patience.isolate_after
    return [effort.witness] if late and effort.witness is not None else []


def some_witness(feed: Feed) -> Record | None:
    """Return the last event that the agency has taken, for a loop that has just begun."""
    last = feed.store.last_taken(feed.agency) if feed.line else 0
    found = feed.line.log.scan(feed.topic, last - 1, 1) if feed.line and last else ()
    return found[0] if found and found[0].position == last else None
