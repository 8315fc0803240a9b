"""What an agency may know about its feed: where it ends, what the agreement says, and how far the agency is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from consumers.cloudevents import cursor_of
from consumers.feed_end import last_position
from consumers.pull.reading import sequence_of
from hub.agreements import Agreement, Grant, Population
from hub.deliveries.delivery import Summary
from hub.eventlog import LogBrowser, Record
from hub.topics import DELIVER, outbox
from schemas.catalogue import Catalogue
from schemas.conversion import iso_date, rfc3339
from schemas.view_schema import view_schema

#: The last day of an agreement without an end.
_FOREVER = "9999-12-31"


def position_json(log: LogBrowser, agency: str) -> dict[str, Any]:
    """Return the end of a feed: the cursor leads behind its last event of this moment."""
    end = last_position(log, outbox(agency))
    return {"agency": agency, "cursor": cursor_of(agency, end), "sequence": sequence_of(end)}


def agreement_json(agreement: Agreement, catalogue: Catalogue) -> dict[str, Any]:
    """Return what the agency may have, why, what for, and how it looks. No setting of its delivery is told."""
    until = iso_date(agreement.valid_until)
    return {
        "agency": agreement.agency,
        "name": {"vi": agreement.name_vi, "en": agreement.name_en},
        "sector": agreement.sector,
        "valid": {"from": iso_date(agreement.valid_from), "until": None if until == _FOREVER else until},
        "population": _population(agreement.population),
        "way": agreement.delivery["way"],
        "grants": [
            _grant(agreement.agency, name, grant, catalogue) for name, grant in sorted(agreement.grants.items())
        ],
    }


def statistics_json(log: LogBrowser, agency: str, summary: Summary, requests: Mapping[str, int]) -> dict[str, Any]:
    """Return counts of one agency's feed. `handed_out` is of agencies to whom the hub pushes."""
    committed, _ = log.extent(outbox(agency), DELIVER)
    end = last_position(log, outbox(agency))
    first = next(iter(log.scan(outbox(agency), 0, 1)), None)
    last = next(iter(log.scan(outbox(agency), end - 1, 1)), None) if end else None
    return {
        "agency": agency,
        "events": end - first.position + 1 if first else 0,
        "first": _place(agency, first),
        "last": _place(agency, last),
        "handed_out": {
            "up_to": committed,
            "parked": summary.parked,
            "waiting": summary.waiting,
            "due": summary.due,
            "replayed": summary.replayed,
        },
        "requests_now": dict(requests),
    }


def _place(agency: str, record: Record | None) -> dict[str, str] | None:
    if record is None:
        return None
    at = rfc3339(record.at)
    return {"sequence": sequence_of(record.position), "cursor": cursor_of(agency, record.position), "at": at}


def _population(population: Population) -> dict[str, Any]:
    """Return who the events are about, without naming persons."""
    if population.provinces is not None:
        return {"kind": "provinces", "provinces": sorted(population.provinces)}
    if population.persons is not None:
        return {"kind": "persons", "count": len(population.persons)}
    return {"kind": "everyone"}


def _grant(agency: str, type_name: str, grant: Grant, catalogue: Catalogue) -> dict[str, Any]:
    view = catalogue.views[agency, type_name]
    basis = {"kind": "statute", "text": grant.statute} if grant.statute is not None else {"kind": "consent"}
    return {
        "type": type_name,
        "purpose": grant.purpose,
        "legal_basis": basis,
        "only_if_received": grant.only_if_received,
        "fields": list(view.fields),
        "schema": view_schema(view),
    }
