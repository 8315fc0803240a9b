"""Hand-made events and agencies for the tests of the reference model."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson

from deploy.demo.expectation import Expected, Terms
from deploy.demo.lines import SourceLine
from deploy.demo.reference import expected

TODAY = date(2026, 11, 22)
LAN, NAM, BINH = "079190123456", "001088654321", "048090111222"
HOME = {"code_system": "VN34", "province_code": "79", "ward_code": "26740", "detail": "Số 5, đường Lê Lợi"}
HANOI = {"code_system": "VN34", "province_code": "01", "ward_code": "00004"}
MOVE = {"kind": "PERMANENT", "to_address": HOME, "moved_on": "2026-10-01"}
DEATH = {"died_on": "2026-10-02"}
GRANT = {"agency": "bank", "purpose": "credit", "granted_on": "2026-09-01", "evidence": "vneid"}
WITHDRAWAL = {"agency": "bank", "purpose": "credit", "withdrawn_on": "2026-10-01"}

TYPES = frozenset(
    {"DeathRegistered", "ResidenceChanged", "MarriageRegistered", "PersonalNumberChanged", "PersonsMerged"}
)
TAX = Terms("tax", TYPES | {"AddressProtectionChanged"})
BANK = Terms(
    "bank",
    statute=frozenset({"ConsentGranted", "ConsentWithdrawn", "AddressProtectionChanged"}),
    consent=frozenset({"ResidenceChanged"}),
    purpose="credit",
    only_if_received=frozenset({"AddressProtectionChanged"}),
)
SAIGON = Terms("saigon", TYPES | {"AddressProtectionChanged"}, provinces=frozenset({"79"}))


def event(event_id: str, kind: str, data: dict[str, Any] | None, **other: Any) -> dict[str, Any]:
    """Return a CloudEvent about Lan; its fact has the name of the event unless `factid` says otherwise."""
    basic = {
        "specversion": "1.0",
        "id": event_id,
        "type": kind,
        "source": "/registers/civil-status/79",
        "subject": LAN,
        "time": "2026-10-02T08:00:00+07:00",
        "change": "CREATED",
        "factid": event_id,
        "factversion": 1,
        "registeredat": "2026-10-03T08:00:00+07:00",
    }
    return basic | ({} if data is None else {"data": data}) | other


def next_of(before: dict[str, Any], event_id: str, change: str, **other: Any) -> dict[str, Any]:
    """Return the next version of a fact; an annulment has no data."""
    version = {"factid": before["factid"], "factversion": before["factversion"] + 1, "subject": before["subject"]}
    if change != "CREATED":
        version["previousid"] = before["id"]
    data = None if change in ("ANNULLED", "CEASED") else before["data"]
    return event(event_id, before["type"], data, change=change, **version) | other


def run(*events: dict[str, Any] | bytes, terms: tuple[Terms, ...] = (TAX, BANK)) -> Expected:
    """Return what the model expects of these events."""
    lines = [SourceLine(e if isinstance(e, bytes) else orjson.dumps(e), "fresh") for e in events]
    return expected(lines, terms, TODAY)


def ids(result: Expected, agency: str = "tax") -> list[str]:
    """Return the ids of the events due to an agency, in order."""
    return [due.event_id for due in result.due[agency]]
