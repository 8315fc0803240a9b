"""Reads a page of a feed behind a cursor. Sync: it runs in threads."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from consumers.cloudevents import DamagedCursor, ForeignCursor, cursor_of, feed_item, position_of
from consumers.pull.kinds import problem
from consumers.pull.parts import Parts
from hub import headers as h
from hub.destination import Event, Unreadable
from hub.eventlog import Record
from hub.topics import DELIVER, outbox
from schemas.conversion import rfc3339

_LOG = logging.getLogger(__name__)

#: The types of items that stand in place of events: nothing is left out silently, and every item keeps its place.
UNREADABLE: Final = "vn.dancu.Unreadable"
WITHHELD: Final = "vn.dancu.Withheld"

_MENDED = "This event can't be read. The hub's operators see it; ask them for its correction."
_ENDED = "The agency may not have this event any more."


class Start(NamedTuple):
    """Where a request begins: behind a position."""

    position: int = 0
    #: Whether a cursor said so. Without one a feed begins with the first event that is still there.
    given: bool = False


def start_of_request(agency: str, cursor: str | None) -> Start:
    """Return where a cursor leads. Raises `Problem`."""
    if not cursor:
        return Start()
    try:
        return Start(position_of(agency, cursor), given=True)
    except DamagedCursor as damaged:
        raise problem("cursor-damaged", str(damaged)) from None
    except ForeignCursor as foreign:
        raise problem("cursor-foreign", str(foreign)) from None


class Reading:
    """Reads feeds, and knows how far each goes at least. Any number of threads may use it."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._reached: dict[str, int] = {}

    def records(self, agency: str, start: Start, limit: int) -> Sequence[Record]:
        """Return the records behind a start; none at the feed's end. Raises `Problem`, `LogUnavailable`."""
        found = self._parts.log.scan(outbox(agency), start.position, limit)
        if not found:
            self._must_exist(agency, start.position)
            return found
        return self.whole(agency, start, found)

    def whole(self, agency: str, start: Start, found: Sequence[Record]) -> Sequence[Record]:
        """Return as many of the records as a page holds. Raises `Problem` when there is a gap before them."""
        self._reached[agency] = max(self._reached.get(agency, 0), found[-1].position)
        if start.given and found[0].position != start.position + 1:
            raise problem(
                "cursor-too-old",
                f"The cursor stands at {start.position}; the first event that the feed still has is "
                f"{found[0].position}.",
            )
        size, most = 0, self._parts.limits.page_bytes
        for count, record in enumerate(found, 1):
            size += len(record.value)
            if size > most:
                return found[:count]
        return found

    def items(self, agency: str, records: Sequence[Record]) -> list[dict[str, Any]]:
        """Return the events of records as the agency may have and see them today, each with its cursor."""
        ended = self._parts.may_have(agency, records)
        opened = self._parts.open_events(agency, records, replayed=False)
        return [
            _item(agency, record, event, ended.get(record.position))
            for record, event in zip(records, opened, strict=True)
        ]

    def _must_exist(self, agency: str, position: int) -> None:
        """Raises `Problem` for a position that the feed never had. Asks the log only for one not seen before."""
        if position <= self._reached.get(agency, 0):
            return
        _, last = self._parts.log.extent(outbox(agency), DELIVER)
        if position > last:
            raise problem("cursor-foreign", f"The cursor stands at {position}, but the feed ends at {last}.")
        self._reached[agency] = position


def _item(agency: str, record: Record, event: Event | Unreadable, ended: str | None) -> dict[str, Any]:
    if ended is not None:
        data = {"detail": _ENDED, "reason": ended, "type": record.headers.get(h.TYPE)}
        return _in_place(agency, record, WITHHELD, data)
    if isinstance(event, Unreadable):
        _LOG.warning("%s, position %d: %s", agency, record.position, event.message)
        return _in_place(agency, record, UNREADABLE, {"detail": _MENDED})
    return feed_item(agency, event)


def _in_place(agency: str, record: Record, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return what stands in place of an event. It says nothing about anybody."""
    return {
        "specversion": "1.0",
        "id": f"{agency}-{record.position}",
        "type": kind,
        "source": f"/feeds/{agency}",
        "time": rfc3339(record.at),
        "datacontenttype": "application/json",
        "data": data,
        "sequence": sequence_of(record.position),
        "cursor": cursor_of(agency, record.position),
    }


def sequence_of(position: int) -> str:
    """Return a position as the `sequence` of an event has it."""
    return f"{position:020d}"
