"""Events for the tests of the command line. Their ids say what they are; the persons are made up."""

from __future__ import annotations

from typing import Any

import orjson

HOME = {"code_system": "VN34", "province_code": "79", "ward_code": "26740", "detail": "Số 5, đường Lê Lợi"}
#: The agencies that have a move by statute, and a death.
TAKE_MOVES = ("insurance", "tax", "welfare")
TAKE_DEATHS = ("insurance", "land", "tax", "welfare")


def person(number: int) -> str:
    """Return a personal number: a man, born in 1990, registered in Hanoi."""
    return f"001090{number:06d}"


def event(event_id: str, kind: str, number: int, data: dict[str, Any] | None, **other: Any) -> dict[str, Any]:
    """Return a CloudEvent about person `number`, which creates a fact of its own."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "type": kind,
        "source": "/registers/residence/79",
        "subject": person(number),
        "time": "2025-10-02T08:00:00+07:00",
        "datacontenttype": "application/json",
        "change": "CREATED",
        "factid": f"fact-{event_id}",
        "factversion": 1,
        "registeredat": "2025-10-03T08:00:00+07:00",
        "data": data,
    } | other


def move(number: int, turn: int = 1, **other: Any) -> dict[str, Any]:
    """Return the `turn`-th move of a person."""
    data = {"kind": "PERMANENT", "to_address": HOME, "moved_on": "2025-10-01"}
    return event(f"move-{number}-{turn}", "ResidenceChanged", number, data, **other)


def death(number: int, **other: Any) -> dict[str, Any]:
    """Return a person's death."""
    source = "/registers/civil-status/79"
    return event(f"death-{number}", "DeathRegistered", number, {"died_on": "2025-10-02"}, source=source, **other)


def line(content: dict[str, Any]) -> bytes:
    """Return an event as a line without its end."""
    return orjson.dumps(content)


def lines(*events: dict[str, Any]) -> bytes:
    """Return events as NDJSON."""
    return b"".join(line(one) + b"\n" for one in events)
