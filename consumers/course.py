"""How the loop of an agency fares: the circuit opens with an outage, and rests while the agency is suspended."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from consumers.clock import Watch
from consumers.feed import Feed
from hub.contacts import HUB, Suspension
from hub.destination import Unavailable
from hub.discretion import without_numbers
from hub.eventlog import Record
from hub.observe import AgencyUnavailable
from hub.topics import DELIVER

_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Course:
    """How a loop has fared so far."""

    #: Of the agency, in a row. The circuit is closed at 0; else it is open, and after each pause one event is tried.
    outages: int = 0
    #: Of the log or the store, in a row.
    failures: int = 0
    #: What the agency took last.
    witness: Record | None = None
    #: What was kept back was handed out the last time: what waited behind it is due now.
    more_due: bool = True
    clock: Watch = field(default_factory=Watch)


def note_outage(feed: Feed, course: Course, outage: Unavailable) -> float:
    """The agency does not answer: return the seconds until one event is tried again."""
    course.outages += 1
    pause = feed.patience.pause(course.outages, outage.retry_after)
    reason = without_numbers(str(outage))
    if feed.line is not None:
        now = feed.now()
        feed.line.contacts.failed(feed.agency, now, reason, now + int(pause * 1000))
    feed.observe(AgencyUnavailable(feed.agency, reason, course.outages, pause))
    feed.on_turn(pause)
    return pause


def suspended(feed: Feed) -> bool:
    """Say whether an operator, or the agency itself, wants nothing to be handed out."""
    return feed.line is not None and feed.line.orders.suspension(feed.agency) is not None


def rest(feed: Feed, course: Course) -> float:
    """Try nothing; whoever shares the feeds out is told that we are still here."""
    course.outages = 0
    feed.log.read(feed.topic, DELIVER, 1)
    feed.on_turn(feed.patience.suspended_pause)
    return feed.patience.suspended_pause


def suspend(feed: Feed, reason: str) -> None:
    """The agency itself wants no more: nothing is handed out until an operator resumes it."""
    if feed.line is not None:
        why = Suspension(feed.now(), HUB, f"the agency wants no more events: {without_numbers(reason)}")
        feed.line.contacts.suspend(feed.agency, why)
        feed.line.orders.forget()
        _LOG.warning("%s: suspended, as it wants no more events: %s", feed.agency, without_numbers(reason))
