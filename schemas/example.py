"""A valid event of each type in CloudEvents JSON, to read, to copy and to pipe into `dancu ingest -`."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any
from uuid import UUID

import uuid_utils

from schemas.catalogue import Catalogue, EventType
from schemas.payload import CHANGES
from schemas.reference.numbers import make_number

_FIXED = UUID("01989d3a-5c00-7000-8000-0000000f4240")
#: Nguyễn Thị Minh Anh, born in Hà Nội on 12 April 1990, and those around her.
_MINH_ANH = make_number("001", "FEMALE", 1990, 12345)
_HOANG_LONG = make_number("079", "MALE", 1988, 54321)
_DUPLICATE = make_number("001", "FEMALE", 1990, 98765)
_RENUMBERED = make_number("001", "FEMALE", 1990, 67890)
_NAME = {"family": "Nguyễn", "middle": "Thị Minh", "given": "Anh"}
_BA_DINH = {
    "code_system": "VN34",
    "province_code": "01",
    "ward_code": "00004",
    "detail": "Số 15, phố Đội Cấn",
    "valid_from": "2025-07-01",
}
_SAI_GON = {
    "code_system": "VN34",
    "province_code": "79",
    "ward_code": "26740",
    "detail": "Số 42, đường Lê Thánh Tôn",
    "valid_from": "2025-08-04",
}
#: As the address was written before the merger of the provinces.
_PHUC_XA = {
    "code_system": "VN63",
    "province_code": "01",
    "ward_code": "00001",
    "detail": "Số 7, đường Hồng Hà",
    "valid_until": "2025-06-30",
}
_MOMENT = "2025-08-06T09:30:00.000+07:00"

#: By type: the source, and the payload. Nothing is later than `_MOMENT`, when all of it is registered.
_SAID: dict[str, tuple[str, dict[str, Any]]] = {
    "BirthRegistered": (
        "/registers/civil-status/01",
        {
            "name": {"family": "Trần", "middle": "Gia", "given": "Huy"},
            "sex": "MALE",
            "born_on": "2025-07-28",
            "nationality": "VN",
            "birth_place": _BA_DINH,
            "residence": _BA_DINH,
            "mother_number": _MINH_ANH,
            "father_number": _HOANG_LONG,
            "certificate_number": "KS-01-2025-004512",
        },
    ),
    "DeathRegistered": (
        "/registers/civil-status/01",
        {
            "died_on": "2025-08-04",
            "name": {"family": "Đặng", "middle": "Văn", "given": "Thịnh"},
            "sex": "MALE",
            "born_on": "1941-02-09",
            "death_place": _BA_DINH,
            "last_residence": _BA_DINH,
            "certificate_number": "KT-01-2025-001873",
        },
    ),
    "ResidenceChanged": (
        "/registers/residence/79",
        {
            "kind": "PERMANENT",
            "to_address": _SAI_GON,
            "moved_on": "2025-08-04",
            "from_address": _PHUC_XA,
            "household_id": "HK-79-26740-00815",
            "relation_to_head": "vợ",
        },
    ),
    "MarriageRegistered": (
        "/registers/civil-status/01",
        {
            "married_on": "2025-08-02",
            "spouse_number": _HOANG_LONG,
            "spouse_name": {"family": "Trần", "middle": "Hoàng", "given": "Long"},
            "place": _BA_DINH,
            "certificate_number": "KH-01-2025-000642",
        },
    ),
    "MarriageEnded": (
        "/registers/civil-status/01",
        {
            "ended_on": "2025-08-01",
            "reason": "DIVORCE",
            "spouse_number": _HOANG_LONG,
            "decision_number": "118/2025/QĐST-HNGĐ",
        },
    ),
    "PersonDetailsCorrected": (
        "/registers/civil-status/01",
        {
            "name": _NAME,
            "born_on": "1990-04-12",
            "nationality": "VN",
            "birth_place": _PHUC_XA,
            "decision_number": "27/QĐ-UBND",
        },
    ),
    "IdentityCardIssued": (
        "/registers/identity",
        {
            "document_number": _MINH_ANH,
            "issued_on": "2025-08-05",
            "reason": "RENEWAL",
            "expires_on": "2030-04-12",
            "previous_document_number": "012345678",
            "previous_document_state": "RETURNED",
        },
    ),
    "IdentityAccountActivated": ("/registers/identity", {"level": 2, "activated_on": "2025-08-06"}),
    "PersonalNumberChanged": (
        "/registers/identity",
        {
            "old_number": _MINH_ANH,
            "new_number": _RENUMBERED,
            "changed_on": "2025-08-05",
            "reason": "Xác lập lại do cấp trùng số",
        },
    ),
    "PersonsMerged": (
        "/registers/identity",
        {"merged_numbers": [_DUPLICATE], "merged_on": "2025-08-05", "reason": "Hợp nhất hồ sơ trùng"},
    ),
    "AddressProtectionChanged": (
        "/registers/residence/01",
        {"level": "CONFIDENTIAL", "valid_from": "2025-08-05"},
    ),
    "CardVerified": (
        "/counters/01-00004-01",
        {
            "site_id": "01-00004-01",
            "purpose": "health-visit",
            "result": "CHIP_PA",
            "verified_at": "2025-08-06T02:30:00.000Z",
            "device_id": "reader-7",
            "document_number": _MINH_ANH,
        },
    ),
    "ConsentGranted": (
        "/registers/consent",
        {
            "agency": "bank",
            "purpose": "customer-due-diligence",
            "granted_on": "2025-08-06",
            "evidence": "vneid:consent/2025/08/06/0017",
            "valid_until": "2027-08-05",
        },
    ),
    "ConsentWithdrawn": (
        "/registers/consent",
        {
            "agency": "bank",
            "purpose": "customer-due-diligence",
            "withdrawn_on": "2025-08-06",
            "evidence": "vneid:consent/2025/08/06/0018",
        },
    ),
}


def example(type_name: str, catalogue: Catalogue, change: str = "CREATED", *, fixed: bool = False) -> dict[str, Any]:
    """Return a valid event of a type of the catalogue, as CloudEvents JSON.

    The person is always the same, except where two events of one person would be the same vital fact: there
    the six random digits of the number are fresh. `id` and `factid` are fresh too, so that no two events are
    duplicates; with `fixed` nothing is fresh. Raises KeyError for a type without example, ValueError for a
    change that the matrix refuses.
    """
    kind = catalogue.types[type_name]
    allowed = [known for known in CHANGES if known in kind.changes]
    if change not in allowed:
        raise ValueError(f"{type_name} is never {change}; it may be {', '.join(allowed)}")
    source, data = _SAID[type_name]
    event_id = _FIXED if fixed else UUID(str(uuid_utils.uuid7()))
    serial = event_id.int % 1_000_000
    event = {
        "specversion": "1.0",
        "id": str(event_id),
        "type": type_name,
        "source": source,
        "subject": _subject(type_name, serial) if kind.vital_key is not None else _MINH_ANH,
        "time": _occurred_at(kind, data),
        "datacontenttype": "application/json",
        "change": change,
        "factid": f"{type_name}-2025-{event_id.hex[-12:]}",
        "factversion": 1 if change == "CREATED" else 2,
        "registeredat": _MOMENT,
    }
    if change != "CREATED":
        event["previousid"] = str(UUID(int=event_id.int - 1))
    return event if change == "ANNULLED" else {**event, "data": deepcopy(data)}


def _occurred_at(kind: EventType, data: Mapping[str, Any]) -> str:
    """Return the moment of the fact, by its own date."""
    said = next((data[field.name] for field in kind.payload if field.required and field.past), _MOMENT)
    return said if "T" in said else f"{said}T00:00:00.000+07:00"


def _subject(type_name: str, serial: int) -> str:
    """Return a number with fresh digits that fits the name, sex and birth date which the example gives."""
    match type_name:
        case "BirthRegistered":
            return make_number("001", "MALE", 2025, serial)
        case "DeathRegistered":
            return make_number("001", "MALE", 1941, serial)
    return make_number("001", "FEMALE", 1990, serial)
