"""Refused events, taken in once more after a fix: the whole event, byte by byte, as it was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa

from hub import headers as h
from hub.database import among, reading
from hub.eventlog import Log, Record, records_of
from hub.facts import Fate
from hub.intake.desk import Sent, Taken
from hub.registers.tables import events
from hub.replays import items
from hub.topics import REFUSED
from replay.selection import BadSelection, Selection
from schemas.conversion import rfc3339

#: Refusals that no fix at the hub undoes: the sender had no right, or what is kept is no event.
_FINAL: Final = frozenset({"forbidden_source", "row", "too_long"})
_PAGE = 500
_SAMPLE = 5

#: Takes pieces in like intake does: (producer, pieces, what makes the producer's mark) → what became of them.
TakeIn = Callable[[str, Sequence[Sent], Callable[[Taken], str]], Taken]


@dataclass(frozen=True, slots=True)
class RefusedEvents:
    """What intake and the pipeline have refused, as it stands in the log."""

    log: Log
    registers: sa.Engine
    numbers_of: Callable[[Sequence[str]], Any]

    def check(self, selection: Selection) -> None:
        """Raises `BadSelection` for filters that refused events don't have."""
        if selection.agency is not None or selection.attempts_min is not None or selection.attempts_max is not None:
            raise BadSelection(
                "agency, attempts: refused events have none; filter by error_class, type, time, event_ids"
            )

    def find(self, selection: Selection) -> Iterator[Record]:
        """Yield what a selection means, in the order of refusing."""
        self.check(selection)
        persons = None if selection.persons is None else self.every_number(selection.persons)
        for record in records_of(self.log, REFUSED, page=_PAGE):
            if is_meant(record, selection, persons):
                yield record

    def every_number(self, persons: Sequence[str]) -> set[str]:
        """Return every number that persons have or had."""
        known = self.numbers_of(list(persons))
        return {*persons, *(number for numbers in known.values() for number in numbers)}

    def estimate(self, selection: Selection) -> dict[str, Any]:
        """Count what a selection means, in the form of `replay.estimate`."""
        reasons: Counter[str] = Counter()
        skipped: Counter[str] = Counter()
        sample: list[str] = []
        oldest: int | None = None
        for page in _pages(self.find(selection)):
            reasons.update(record.headers.get(h.REASON, "") for record in page)
            skipped.update(self.why_not(page).values())
            oldest = oldest if oldest is not None else page[0].at
            sample += [record.headers.get(h.ID, "") for record in page[: _SAMPLE - len(sample)]]
        return {
            "deliveries": reasons.total(),
            "will_be_sent": reasons.total() - skipped.total(),
            "waiting_behind": 0,
            "oldest": None if oldest is None else rfc3339(oldest),
            "skipped": dict(sorted(skipped.items())),
            "reasons": dict(sorted(reasons.items())),
            "agencies": {},
            "sample": sample,
        }

    def freeze(self, connection: sa.Connection, replay_id: str, selection: Selection) -> int:
        """Write down what a selection means now; return how many."""
        count = 0
        for page in _pages(self.find(selection)):
            items.freeze_places(connection, replay_id, [(r.position, r.headers.get(h.ID, "")) for r in page])
            count += len(page)
        return count

    def why_not(self, records: Sequence[Record]) -> dict[int, str]:
        """Return position → why, for those that are not taken in again."""
        known = self._known({record.headers[h.ID] for record in records if h.ID in record.headers})
        found: dict[int, str] = {}
        for record in records:
            reason = record.headers.get(h.REASON, "")
            if reason in _FINAL:
                found[record.position] = reason
            elif record.headers.get(h.ID) in known:
                found[record.position] = "sent_again"
        return found

    def _known(self, event_ids: set[str]) -> set[str]:
        """Return those of the ids under which the hub has an event by now: the source has sent it once more."""
        met = sa.select(events.c.event_id).where(
            among(events.c.event_id, event_ids), events.c.fate != Fate.REFUSED.value
        )
        with reading(self.registers) as connection:
            return set(connection.scalars(met))

    def at(self, position: int) -> Record | None:
        """Return the refused event at a place, or None when the log does not keep it any more."""
        found = next(iter(self.log.scan(REFUSED, position - 1, 1)), None)
        return found if found is not None and found.position == position else None


def is_meant(record: Record, selection: Selection, persons: set[str] | None) -> bool:
    """Say whether a selection means a refused event; `persons`: every number of the persons it names."""
    headers = record.headers
    asked = (
        (selection.type, headers.get(h.TYPE)),
        (selection.error_class, headers.get(h.REASON)),
    )
    return (
        all(wanted is None or wanted == found for wanted, found in asked)
        and (selection.event_ids is None or headers.get(h.ID) in selection.event_ids)
        and (persons is None or record.key in persons)
        and (selection.since is None or record.at >= selection.since)
        and (selection.until is None or record.at < selection.until)
    )


def _pages(records: Iterator[Record]) -> Iterator[list[Record]]:
    page: list[Record] = []
    for record in records:
        page.append(record)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page
