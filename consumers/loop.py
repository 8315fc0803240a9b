"""The delivery loop of one agency: what is due first, then the next batch of its feed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from consumers.again import deliver_again
from consumers.attempt import Lane, answered, latencies_of, latest_taken
from consumers.course import Course, note_outage, rest, suspend, suspended
from consumers.due import deliver_due
from consumers.feed import Feed, Progress, tell
from consumers.handout import hand_out
from consumers.outage import NEVER, Effort, Stop
from consumers.people import People
from consumers.probe import probe, some_witness
from hub.database_errors import plain
from hub.destination import Gone, Unavailable
from hub.eventlog import LogUnavailable, Outputs, PositionMoved, Record
from hub.passing import passes, pause_after
from hub.topics import DELIVER

_LOG = logging.getLogger(__name__)


def deliver_forever(feed: Feed, stop: Stop) -> None:
    """Hand out the feed until `stop` is set. An outage only makes it pause; a broken log or store ends it.

    A log or store that is away for now makes it pause too: nothing was committed, so the same batch comes again.
    While an operator has suspended the agency, it rests and looks whether that still holds.
    """
    course = Course()
    while not stop.is_set():
        try:
            pause = rest(feed, course) if suspended(feed) else _turn(feed, course, stop)
            course.failures = 0
        except PositionMoved as moved:
            _LOG.warning("%s: another process has taken over the feed; reading again: %s", feed.agency, moved)
            pause = feed.patience.idle_pause
        except Exception as error:
            if not passes(error):
                raise
            course.failures += 1
            words = str(error) if isinstance(error, LogUnavailable) else plain(error)
            _LOG.warning("%s: nothing is handed out for now (%d×): %s", feed.agency, course.failures, words)
            pause = pause_after(course.failures)
        if pause:
            stop.wait(pause)


def _turn(feed: Feed, course: Course, stop: Stop) -> float:
    """Hand out something; return the seconds to rest."""
    try:
        with feed.gate:
            progress = _hand_out(feed, course, stop)
    except Gone as gone:
        if feed.line is None:
            return note_outage(feed, course, gone)
        suspend(feed, str(gone))
        return 0.0
    except Unavailable as outage:
        return note_outage(feed, course, outage)
    feed.on_turn(0.0)
    course.witness = progress.witness or course.witness
    if progress.answered and feed.line:
        feed.line.contacts.reached(feed.agency, feed.now())
    if progress.idle:
        return feed.patience.idle_pause
    course.outages = 0
    return 0.0 if course.more_due or progress.committed >= feed.limit or progress.rewound else feed.patience.gather


def _hand_out(feed: Feed, course: Course, stop: Stop) -> Progress:
    patience = feed.patience
    effort = Effort(course.outages >= patience.isolate_after, course.outages, patience.probes, stop, course.witness)
    if course.outages and course.witness is None:
        effort = replace(effort, witness=some_witness(feed))
    probed = Progress()
    again = deliver_again(feed, effort)
    if again is not None:
        return again
    mine = feed.line is None or bool(feed.line.log.owned(feed.topic, DELIVER))
    course.more_due = course.clock.look(feed, mine=mine) or course.more_due
    if course.outages and mine:
        probed = probe(feed, replace(effort, isolate=False))
        course.witness = probed.witness or effort.witness
    # where processes share the feeds, what is due is for the one that hands out this one
    if mine and (feed.line is None or course.more_due or feed.line.orders.has_due(feed.agency)):
        found = deliver_once(feed, course.outages, stop, course.witness)
        course.more_due = not found.idle
    else:
        found = deliver_batch(feed, replace(effort, witness=course.witness))
    return probed + found


def deliver_once(feed: Feed, outages: int = 0, stop: Stop = NEVER, witness: Record | None = None) -> Progress:
    """Hand out some of what is due, then the next batch. Raises `Unavailable`; then nothing was committed.

    `outages` says how often in a row this has raised so far, `witness` is what the agency took last before.
    What is due and can't be taken is put off and holds up nobody else: the next batch is tried all the same. A feed
    that was rewound goes on with that instead; of one that is suspended nothing is handed out.
    """
    patience = feed.patience
    effort = Effort(outages >= patience.isolate_after, outages, patience.probes, stop, witness)
    if suspended(feed):
        return Progress()
    rewound = deliver_again(feed, effort)
    if rewound is not None:
        return rewound
    outage: Unavailable | None = None
    again = Progress()
    try:
        again = deliver_due(feed, replace(effort, isolate=True))
    except Gone:
        raise
    except Unavailable as error:
        outage = error
    fresh = deliver_batch(feed, replace(effort, witness=again.witness or witness))
    if outage and fresh.idle:
        raise outage
    return again + fresh


def deliver_batch(feed: Feed, effort: Effort) -> Progress:
    """Hand out the next batch of the feed: to the agency, then into the store, then the log moves on.

    Each step may be repeated, so a process that is killed between two of them loses and doubles nothing.
    """
    started = feed.clock()
    batch = feed.log.read(feed.topic, DELIVER, feed.limit)
    if not batch.records:
        return Progress()
    settled = feed.store.settled(feed.agency, batch.records[0].position, batch.last)
    progress = _deliver(feed, effort, [r for r in batch.records if r.position not in settled])
    try:
        feed.log.commit(batch, Outputs())
    except PositionMoved:
        return Progress(moved=True)
    progress = replace(progress, committed=len(batch.records))
    tell(feed, progress, started)
    return progress


def _deliver(feed: Feed, effort: Effort, records: Sequence[Record]) -> Progress:
    if not records:
        return Progress()
    people = People.behind((record.key for record in records), feed.same_person)
    ends = feed.store.open_ends(feed.agency, people.all_numbers)
    account = hand_out(Lane(feed, effort), records, people, people.latest(ends))
    feed.store.record(feed.agency, account)
    rejected = sum(trial.failure is not None for trial in account.trials)
    taken = len(account.trials) - rejected
    heard = any(map(answered, account.trials))
    witness, latencies = latest_taken(account.trials), latencies_of(account.trials)
    return Progress(taken, rejected, len(account.waiting), witness=witness, answered=heard, latencies=latencies)
