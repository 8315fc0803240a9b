"""Opens the records of an agency's feed: what the agency may see of each event today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hub import headers as h
from hub.destination import Event, Unreadable
from hub.eventlog import Record
from hub.registers.today import Today
from hub.steps.permit import CONFIDENTIAL, STRICT
from hub.steps.project import hide_place, read_value
from schemas.catalogue import Catalogue
from schemas.conversion import to_json


class Opening:
    """Decodes feed records with the agency's view and hides what the person's protection of today forbids.

    Protection may have been raised since an event was put into the feed: it is asked again at every delivery.
    """

    def __init__(self, catalogue: Catalogue, today: Today) -> None:
        """Use the views of a catalogue and the registers of today."""
        self._catalogue = catalogue
        self._today = today

    def __call__(self, agency: str, records: Sequence[Record], *, replayed: bool) -> Sequence[Event | Unreadable]:
        """Return one answer per record, in order."""
        levels = self._today.protection_of([record.key for record in records])
        return [self._open(agency, record, levels.get(record.key), replayed=replayed) for record in records]

    def _open(self, agency: str, record: Record, level: str | None, *, replayed: bool) -> Event | Unreadable:
        try:
            view = self._catalogue.views[agency, record.headers[h.TYPE]]
            content = read_value(self._catalogue, record.value)
            if hides_address(level, record.headers[h.LEGAL_BASIS]):
                hide_place(content, view)
            return _event(record, content, to_json(content, view), replayed=replayed)
        except (KeyError, ValueError, EOFError, IndexError, OverflowError) as error:
            return Unreadable(f"the record is in no known view of {agency}: {type(error).__name__}")


def hides_address(level: str | None, basis: str) -> bool:
    """Say whether a person's protection keeps addresses from a recipient with this legal basis."""
    return level == STRICT or (level == CONFIDENTIAL and basis.startswith("consent:"))


def _event(record: Record, content: Mapping[str, Any], data: Mapping[str, Any], *, replayed: bool) -> Event:
    headers = record.headers
    return Event(
        event_id=content["event_id"],
        type=content["type"],
        source=content["source"],
        subject=content["subject"],
        occurred_at=headers[h.TIME],
        registered_at=headers[h.REGISTERED_AT],
        change=content["change"],
        previous_event_id=content["previous_event_id"],
        fact_id=content["fact_id"],
        fact_version=content["fact_version"],
        bulk_id=content["bulk_id"],
        sequence=record.position,
        legal_basis=headers[h.LEGAL_BASIS],
        purpose=headers[h.PURPOSE],
        data=data,
        unmatched=headers.get(h.UNMATCHED) == "true",
        replayed=replayed,
    )
