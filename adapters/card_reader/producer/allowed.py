"""What an event of a counter may say: the fields that its purpose allows, each of a form that hides nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: What never leaves the counter, whatever the purpose (Law on Identification 26/2023, data minimisation).
NEVER = frozenset({
    "photo", "face", "image", "biometrics", "fingerprints", "iris", "religion", "ethnicity", "marks",
    "parents", "father", "mother", "spouse", "name", "birth", "sex", "nationality", "origin",
    "residence", "address", "mrz", "can", "key", "sod", "hash", "hashes", "dg1",
    "dg2", "dg3", "dg13", "dg14", "dg15", "certificate", "signature", "qr", "old_number",
})  # fmt: skip
#: What a purpose may know about a person. One that is not here may know who it is, and no more.
ALLOWED: Mapping[str, frozenset[str]] = {
    "health-check-in": frozenset({"subject", "document_number"}),
    "proof-of-life": frozenset({"subject", "document_number"}),
    "one-stop": frozenset({"subject", "document_number"}),
    "bank-identification": frozenset({"subject", "document_number"}),
}
_SUBJECT_ONLY = frozenset({"subject"})
_FORMS: Mapping[str, re.Pattern[str]] = {
    "id": re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
    "device_id": re.compile(r"[A-Za-z0-9._-]{1,64}"),
    "site_id": re.compile(r"[A-Za-z0-9._-]{1,64}"),
    "purpose": re.compile(r"[a-z][a-z0-9-]{0,63}"),
    "previous": re.compile(r"[A-Za-z0-9_-]{43}"),
    "clock": re.compile(r"synced|unsynced|unknown"),
    "kind": re.compile(r"verification|expired"),
    "result": re.compile(r"CHIP_PA|PA|READ_ONLY|QR"),
    "error": re.compile(r"[a-z][a-z0-9_]{0,39}"),
    "subject": re.compile(r"[0-9]{12}"),
    "document_number": re.compile(r"[A-Z0-9]{1,12}"),
}
_NUMBERS = frozenset({"v", "sequence", "occurred_at"})
_MAY_BE_NULL = frozenset({"previous", "result", "error", "subject", "document_number"})


class Forbidden(Exception):
    """An event would say what it may not. Names the field, never its value."""


def allowed_for(purpose: str) -> frozenset[str]:
    """Return what a purpose may know about a person."""
    return ALLOWED.get(purpose, _SUBJECT_ONLY)


def check(event: Mapping[str, Any]) -> None:
    """Raise `Forbidden` for a field that no event has, or a value that could carry something else."""
    for field, value in event.items():
        if field in NEVER or not _is_fine(field, value):
            raise Forbidden(f"the field {field!r} may not be in an event, or not like this")


def _is_fine(field: str, value: object) -> bool:
    if field in _NUMBERS:
        return type(value) is int and value >= 0
    if field == "expired":
        return isinstance(value, list) and all(len(one) == 2 and all(type(n) is int for n in one) for one in value)
    if value is None:
        return field in _MAY_BE_NULL
    return field in _FORMS and isinstance(value, str) and _FORMS[field].fullmatch(value) is not None
