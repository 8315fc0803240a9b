"""What the citizen gets to see: who received which event, when and on which legal basis. No value of any event."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hub.agreements import Agreements
from hub.discretion import masked
from monitoring.person.history import PersonEvent
from monitoring.person.shares import Share
from monitoring.words import reason
from schemas.catalogue import Catalogue
from schemas.conversion import rfc3339

COLUMNS = (
    "event_id",
    "type",
    "change",
    "known_since",
    "agency",
    "agency_name",
    "state",
    "at",
    "purpose",
    "legal_basis",
    "without_address",
    "reason",
    "fields",
)


def rows_of(events: Iterable[PersonEvent], agreements: Agreements, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Yield one row per event and agency that has it, waits for it, or may not have it; an event for nobody is one."""
    for event in events:
        about = {"event_id": event.event_id, "type": event.type, "change": event.change}
        about["known_since"] = rfc3339(event.place[0])
        if not event.shares:
            yield {**dict.fromkeys(COLUMNS), **about, "state": event.fate}
        for share in event.shares:
            yield {**about, **_share(share, event.type, agreements, catalogue)}


def _share(share: Share, type_name: str, agreements: Agreements, catalogue: Catalogue) -> dict[str, Any]:
    agreement, view = agreements.by_agency.get(share.agency), catalogue.view(share.agency, type_name)
    fields = list(view.fields) if view is not None and share.state != "withheld" else []
    if view is not None and share.shielded:
        fields = [name for name in fields if name not in view.address_fields]
    return {
        "agency": share.agency,
        "agency_name": agreement.name_vi if agreement else None,
        "state": share.state,
        "at": None if share.delivered_at is None else rfc3339(share.delivered_at),
        "purpose": share.purpose,
        "legal_basis": share.basis,
        "without_address": share.shielded,
        "reason": share.code and str(reason(share.code)),
        "fields": fields,
    }


def as_json(number: str, at: int, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the receipt ready for JSON; `at` is when it was made, in ms since 1970 UTC."""
    return {"person": masked(number), "made_at": rfc3339(at), "received": list(rows)}


def as_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the receipt as CSV for a spreadsheet: with a byte order mark, and no cell that is a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(_cell(row[name]) for name in COLUMNS)
    return "\ufeff" + out.getvalue()


def _cell(value: Any) -> str:
    text = " ".join(value) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text
