"""One call to an agency's system, and the search for the one event that makes it fall over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from consumers.feed import Feed
from consumers.outage import Effort, search_order
from hub.ages import ages
from hub.deliveries import Failure, Outcome, Trial
from hub.destination import Event, Gone, Receipt, Rejection, Unavailable, Unreadable
from hub.eventlog import Record


@dataclass(frozen=True, slots=True)
class Lane:
    """How records of a feed are handed out: for the first time, or again on request."""

    feed: Feed
    effort: Effort
    replayed: bool = False


def attempt(lane: Lane, records: Sequence[Record], witness: Record | None) -> list[Trial]:
    """Hand out records of different persons; return one trial per record, in order. Raises `Unavailable`.

    `witness` is a record that the agency has answered before, if any. When it answers that one again (events
    are applied once, so it may), the agency is there, and the failure of another event is that event's own.
    """
    try:
        return _send(lane, records)
    except Gone:
        raise
    except Unavailable as outage:
        if not lane.effort.isolate:
            raise
        return _one_by_one(lane, records, witness, outage)


def latest_taken(trials: Sequence[Trial]) -> Record | None:
    """Return the last record that the agency has taken, or None."""
    return next((trial.record for trial in reversed(trials) if trial.failure is None), None)


def latencies_of(trials: Iterable[Trial]) -> list[float]:
    """Return for each event that was taken the seconds since its register had written it."""
    return [age for trial in trials if trial.failure is None for age in ages([trial.record], trial.at)]


def answered(trial: Trial) -> bool:
    """Taken or rejected, but by the agency itself."""
    return trial.failure is None or trial.failure.outcome is Outcome.REJECTED


def scheduled(feed: Feed, trial: Trial, attempts: int) -> Trial:
    """Return the trial with the time of its next one, if its failure comes again by itself."""
    if trial.failure is None:
        return trial
    return trial._replace(next_at=feed.schedule(attempts, trial.failure.error_class, trial.at))


def _send(lane: Lane, records: Sequence[Record]) -> list[Trial]:
    feed = lane.feed
    started = feed.clock()
    opened = feed.open_events(feed.agency, records, replayed=lane.replayed)
    events = [answer for answer in opened if isinstance(answer, Event)]
    receipt = _deliver(feed, events) if events else Receipt()
    refused = {rejection.event_id: rejection for rejection in receipt.rejected}
    unknown = refused.keys() - {event.event_id for event in events}
    if unknown:
        raise ValueError(f"{feed.agency} rejected events that it was not given: {sorted(unknown)}")
    at, seconds = feed.now(), feed.clock() - started
    return [
        Trial(record, _failure(answer, refused), at, seconds) for record, answer in zip(records, opened, strict=True)
    ]


def _deliver(feed: Feed, events: Sequence[Event]) -> Receipt:
    with feed.gate.outside():
        return feed.destination.deliver(events)


def _failure(answer: Event | Unreadable, refused: dict[str, Rejection]) -> Failure | None:
    if isinstance(answer, Unreadable):
        return Failure(Outcome.UNREADABLE, "unreadable", answer.message)
    rejection = refused.get(answer.event_id)
    if rejection is None:
        return None
    return Failure(Outcome.REJECTED, rejection.error_class, rejection.message)


def _one_by_one(lane: Lane, records: Sequence[Record], witness: Record | None, outage: Unavailable) -> list[Trial]:
    """Find out which records the agency can't take. Raises `Unavailable` when it does not answer at all.

    A culprit has failed twice by itself, and right after it the agency has answered another event.
    """
    trials: dict[int, Trial] = {}
    suspects: list[Record] = []
    for record in search_order(records, lane.effort):
        if lane.effort.stop.is_set():
            raise outage
        trial = trials[record.position] = _probe(lane, record)
        if _fell_over(trial):
            suspects.append(record)
            if len(suspects) == len(trials) == lane.effort.probes:
                _ask_again(lane, witness, outage)
        elif answered(trial):
            witness = record
    for suspect in suspects:
        trial = trials[suspect.position] = _probe(lane, suspect)
        if _fell_over(trial):
            again = _ask_again(lane, witness, outage)
            trials[again.record.position] = again
    return [trials[record.position] for record in records]


def _probe(lane: Lane, record: Record) -> Trial:
    started = lane.feed.clock()
    try:
        return _send(lane, [record])[0]
    except Gone:
        raise
    except Unavailable as outage:
        failure = Failure(Outcome.UNAVAILABLE, "unavailable", str(outage))
        return Trial(record, failure, lane.feed.now(), lane.feed.clock() - started)


def _fell_over(trial: Trial) -> bool:
    return trial.failure is not None and trial.failure.outcome is Outcome.UNAVAILABLE


def _ask_again(lane: Lane, witness: Record | None, outage: Unavailable) -> Trial:
    """Hand out the witness once more. Raises `Unavailable` unless the agency answers."""
    trial = _send(lane, [witness])[0] if witness else None
    if trial is None or not answered(trial):
        raise outage
    return trial
