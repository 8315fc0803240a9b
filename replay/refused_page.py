"""Refused events, page by page, for those who look at them before they let them in again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from hub import headers as h
from hub.discretion import without_numbers
from hub.eventlog import Record
from hub.topics import REFUSED
from replay.refused import RefusedEvents, is_meant
from replay.selection import Selection
from schemas.conversion import rfc3339

#: Refused events that one page looks through at most, so that a filter that finds nothing costs no more either.
_LOOKS: Final = 2000


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """Looks at what was refused. It changes nothing."""

    refused: RefusedEvents

    def page(self, selection: Selection, after: int = 0, limit: int = 100) -> dict[str, Any]:
        """Return the next ones behind a place, and where to go on; a page may be short, or even empty, and go on.

        Raises `BadSelection`.
        """
        self.refused.check(selection)
        persons = None if selection.persons is None else self.refused.every_number(selection.persons)
        found: list[Record] = []
        looked = self.refused.log.scan(REFUSED, after, _LOOKS)
        more = len(looked) == _LOOKS
        for record in looked:
            if is_meant(record, selection, persons):
                found.append(record)
                if len(found) == limit:
                    more = True
                    break
        last = record.position if looked else after
        why = self.refused.why_not(found)
        return {
            "refused": [refused_json(one, why.get(one.position)) for one in found],
            "next": str(last) if more else None,
        }


def refused_json(record: Record, why_not: str | None) -> dict[str, Any]:
    """Return one refused event without anything of its content; `why_not`: it would not be taken in again."""
    headers = record.headers
    return {
        "position": record.position,
        "event_id": headers.get(h.ID),
        "type": headers.get(h.TYPE),
        "by": "intake" if h.PLACE in headers else "pipeline",
        "error_class": headers.get(h.REASON, ""),
        "message": without_numbers(headers.get(h.DETAIL, "")),
        "at": rfc3339(record.at),
        "why_not": why_not,
    }
