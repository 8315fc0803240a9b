"""A register for tests: it tells facts, corrects and annuls them, as events an agency may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import count
from typing import Any

from adapters.agencies.agency import Agency, Person
from adapters.agencies.standing import Applied, Standing, standing
from hub.destination import Event

LAN = "001301000001"
MINH = "001201000002"
HOA = "079304000003"
HANOI = {"code_system": "VN34", "province_code": "01", "ward_code": "00004", "detail": "12 Hàng Bạc"}
SAIGON = {"code_system": "VN34", "province_code": "79", "ward_code": "26740", "detail": "5 Đồng Khởi"}
DALAT = {"code_system": "VN34", "province_code": "68", "ward_code": "24769", "detail": "9 Hoa Hồng"}
NAME = {"family": "Nguyễn", "middle": "Thị", "given": "Lan"}
EARLY, LATE = "2025-03-02T03:00:00.000Z", "2025-06-10T03:00:00.000Z"


class Register:
    """Tells events with ids and sequence numbers that rise."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def tells(self, kind: str, subject: str = LAN, /, **data: Any) -> Event:
        """Tell a new fact."""
        number = next(self._numbers)
        return Event(
            event_id=f"e{number:04d}",
            type=kind,
            source="/registers/test",
            subject=subject,
            occurred_at=EARLY,
            registered_at=EARLY,
            change="CREATED",
            previous_event_id=None,
            fact_id=f"f{number:04d}",
            fact_version=1,
            bulk_id=None,
            sequence=number,
            legal_basis="statute:test",
            purpose="test",
            data=data,
        )

    def corrects(self, event: Event, **data: Any) -> Event:
        """Tell what the fact should have said."""
        return self._follows(event, "CORRECTED", data)

    def annuls(self, event: Event, registered_at: str = LATE) -> Event:
        """Tell that the fact should never have existed."""
        return replace(self._follows(event, "ANNULLED", {}), registered_at=registered_at)

    def ceases(self, event: Event, occurred_at: str = LATE) -> Event:
        """Tell that the fact was true and has ended."""
        return replace(self._follows(event, "CEASED", {}), occurred_at=occurred_at)

    def _follows(self, event: Event, change: str, data: Mapping[str, Any]) -> Event:
        number = next(self._numbers)
        return replace(
            event,
            event_id=f"e{number:04d}",
            sequence=number,
            change=change,
            fact_version=event.fact_version + 1,
            previous_event_id=event.event_id,
            data=data,
        )


def applied(events: Sequence[Event]) -> list[Applied]:
    """Return the events as a system keeps them."""
    return [
        Applied(
            order,
            event.event_id,
            event.subject,
            event.type,
            event.change,
            event.fact_id,
            event.fact_version,
            event.previous_event_id,
            event.occurred_at,
            event.registered_at,
            event.data,
        )
        for order, event in enumerate(events, start=1)
    ]


def facts(*events: Event) -> Standing:
    """Return what stands after the events."""
    return standing(applied(events))


def effects(
    agency: Agency,
    *events: Event,
    replaced: Mapping[str, str] | None = None,
    **owned: Sequence[Mapping[str, Any]],
) -> dict[str, list[dict[str, Any]]]:
    """Return the rows that the agency makes for Lan, by the name of the table."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for table, row in agency.effects(Person(LAN, facts(*events), owned, replaced or {})):
        rows.setdefault(table.name, []).append(dict(row))
    return rows
