"""The delivery loop of one agency: what is due first, then the next batch of its feed."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace

from consumers.attempt import Lane, latest_taken
from consumers.due import deliver_due
from consumers.feed import Feed, Progress, tell
from consumers.handout import hand_out
from consumers.outage import NEVER, Effort, Stop
from consumers.people import People
from hub.database_errors import plain
from hub.destination import Unavailable
from hub.eventlog import LogUnavailable, Outputs, PositionMoved, Record
from hub.observe import AgencyUnavailable
from hub.passing import passes, pause_after
from hub.topics import DELIVER

_LOG = logging.getLogger(__name__)


def deliver_forever(feed: Feed, stop: Stop) -> None:
    """Hand out the feed until `stop` is set. An outage only makes it pause; a broken log or store ends it.

    A log or store that is away for now makes it pause too: nothing was committed, so the same batch comes again.
    """
    outages, failures, witness = 0, 0, None
    while not stop.is_set():
        try:
            progress = deliver_once(feed, outages, stop, witness)
            failures = 0
        except PositionMoved as moved:
            _LOG.warning("%s: another process has taken over the feed; reading again: %s", feed.agency, moved)
            stop.wait(feed.patience.idle_pause)
            continue
        except Unavailable as outage:
            outages += 1
            pause = feed.patience.pause(outages)
            feed.observe(AgencyUnavailable(feed.agency, str(outage), outages, pause))
            feed.on_turn(pause)
            stop.wait(pause)
            continue
        except Exception as error:
            if not passes(error):
                raise
            failures += 1
            words = str(error) if isinstance(error, LogUnavailable) else plain(error)
            _LOG.warning("%s: nothing is handed out for now (%d×): %s", feed.agency, failures, words)
            stop.wait(pause_after(failures))
            continue
        feed.on_turn(0.0)
        witness = progress.witness or witness
        if progress.idle:
            stop.wait(feed.patience.idle_pause)
        else:
            outages = 0


def deliver_once(feed: Feed, outages: int = 0, stop: Stop = NEVER, witness: Record | None = None) -> Progress:
    """Hand out some of what is due, then the next batch. Raises `Unavailable`; then nothing was committed.

    `outages` says how often in a row this has raised so far, `witness` is what the agency took last before.
    What is due and can't be taken is put off and holds up nobody else: the next batch is tried all the same.
    """
    patience = feed.patience
    effort = Effort(outages >= patience.isolate_after, outages, patience.probes, stop, witness)
    outage: Unavailable | None = None
    again = Progress()
    try:
        again = deliver_due(feed, replace(effort, isolate=True))
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
    return Progress(taken, rejected, len(account.waiting), witness=latest_taken(account.trials))
