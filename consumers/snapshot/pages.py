"""A snapshot, page by page: what stands, what of it the agency may have, noted before it is handed out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from consumers.snapshot.moment import Moment, SnapshotRefused, Stores
from hub.agreements import Agreement
from hub.arrival import Arrival
from hub.destination import Event, Unreadable
from hub.eventlog import Record, partition_of, start_of
from hub.registers.current import standing
from hub.registers.given import be_alone, note
from hub.snapshot import permitted
from hub.steps.permit import Permissions
from hub.steps.project import project
from hub.steps.validate import validate
from hub.topics import RECEIVED

#: Records that are looked through at once: the pipeline may wait so long.
PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """What a stretch of `received` holds for the agency."""

    #: How far the snapshot has come with this page.
    moment: Moment
    events: Sequence[Event] = ()
    #: How many the agency may not have, by reason; and how many could not be read.
    withheld: Mapping[str, int] = field(default_factory=dict)
    unreadable: int = 0
    #: Whether the log has lost events before this page, by its retention: facts may be missing.
    gap: bool = False


def _now() -> int:
    return time.time_ns() // 1_000_000


def pages(stores: Stores, moment: Moment, now: Callable[[], int] = _now, size: int = PAGE) -> Iterator[Page]:
    """Yield the rest of a snapshot. Memory is that of one page, of at most `size` records and 32 MiB.

    Each page is noted as handed out before it is yielded, so that an annulment follows it. Who goes on from the moment
    of the last page that was kept gets nothing twice. Raises `SnapshotRefused`, `LogUnavailable`.
    """
    agreement = stores.rules.agreements.by_agency.get(moment.agency)
    if agreement is None:
        raise SnapshotRefused(f"{moment.agency} has no agreement, so there is nothing that it may have.")
    while (part := partition_of(moment.after)) < len(moment.until):
        records = [r for r in stores.log.scan(RECEIVED, moment.after, size) if r.position <= moment.until[part]]
        if not records:
            gone = moment.after < moment.until[part]
            moment = moment.behind(start_of(part + 1))
            if gone:
                yield Page(moment, gap=True)
            continue
        gap = records[0].position > moment.after + 1
        moment = moment.behind(records[-1].position)
        yield replace(_page(stores, moment, agreement, records, now()), gap=gap)


def _page(stores: Stores, moment: Moment, agreement: Agreement, records: Sequence[Record], now: int) -> Page:
    rules = stores.rules
    stretch, _ = validate(records, rules.catalogue, rules.projector.bounds)
    found = _decide(stores, moment, agreement, stretch, now)
    messages = project(found.allowed, rules.projector).get(moment.agency, ())
    handed_out = [Record(0, now, *message) for message in messages]
    opened = stores.open_events(moment.agency, handed_out, replayed=False) if handed_out else ()
    events = [event for event in opened if not isinstance(event, Unreadable)]
    withheld = Counter(one.reason for one in found.withheld)
    return Page(moment, events, withheld, len(opened) - len(events))


def _decide(stores: Stores, moment: Moment, agreement: Agreement, stretch: Sequence[Arrival], now: int) -> Permissions:
    with stores.registers.begin() as connection:
        be_alone(connection)
        now_stands = standing(connection, stretch, moment.until, stores.rules.read)
        found = permitted(agreement, now_stands.arrivals, now_stands.facts, stores.rules.read, now)
        note(connection, found.allowed, now)
    return found
