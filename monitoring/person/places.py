"""Addresses as people read them: the names of today's and yesterday's wards and provinces beside the codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.reference import units


def address_text(address: Mapping[str, Any]) -> str:
    """Return an address in one line, from the house to the province; codes that nobody knows stay codes."""
    system, province, ward = address["code_system"], address["province_code"], address.get("ward_code")
    found = units.ward(ward, system) if ward else None
    parts = [address.get("detail"), f"{found.kind} {found.name}" if found else ward, province_text(province, system)]
    return ", ".join(part for part in parts if part)


def province_text(code: str, system: str = units.VN34) -> str:
    """Return the name of a province with its kind; of an unknown one, the code."""
    found = units.province(code, system)
    return f"{found.kind} {found.name}" if found else code
