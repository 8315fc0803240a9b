"""The person of an event as the civil registries' standard (SPDCI, CRVSPerson 1.0.0) has it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.destination import Event

_STATUS_AFTER = {"DIVORCE": "divorced", "DEATH": "widowed"}


def crvs_person(event: Event) -> dict[str, Any]:
    """Return the person as the civil registries' record has it; what is not known is left out."""
    data = event.data
    sex = data.get("sex")
    known = {
        "identifier": _identifier(event.subject),
        "name": _name(data.get("name")),
        "sex": sex and sex.lower(),
        "birth_date": data.get("born_on"),
        "birth_place": _place(data.get("birth_place")),
        "death_date": data.get("died_on"),
        "death_place": _place(data.get("death_place")),
        "address": _address(data.get("residence") or data.get("to_address") or data.get("last_residence")),
        "parent1_identifier": _identifier(data.get("mother_number")),
        "parent2_identifier": _identifier(data.get("father_number")),
        **_marriage(event),
    }
    return {field: value for field, value in known.items() if value}


def _marriage(event: Event) -> dict[str, Any]:
    data = event.data
    if not data:
        return {}
    if event.type == "MarriageRegistered":
        return {"marital_status": "married", "marriage_date": data.get("married_on")}
    if event.type == "MarriageEnded":
        divorced = data.get("reason") == "DIVORCE"
        status = _STATUS_AFTER.get(data.get("reason") or "")
        return {"marital_status": status, "divorce_date": data.get("ended_on") if divorced else None}
    return {}


def _identifier(number: str | None) -> dict[str, str] | None:
    return {"identifier_type": "NIN", "identifier_value": number} if number else None


def _name(name: Mapping[str, Any] | None) -> dict[str, str] | None:
    name = name or {}
    return _known(surname=name.get("family"), second_name=name.get("middle"), given_name=name.get("given"))


def _place(address: Mapping[str, Any] | None) -> dict[str, str] | None:
    address = address or {}
    area = address.get("ward_code") or address.get("province_code")
    return _known(address_line=address.get("detail"), contained_in_place=area)


def _address(address: Mapping[str, Any] | None) -> dict[str, str] | None:
    if not address:
        return None
    return _known(
        address_line1=address.get("detail"),
        sub_region_code=address.get("ward_code"),
        region_code=address.get("province_code"),
        country_code="VN",
    )


def _known(**parts: str | None) -> dict[str, str] | None:
    return {part: text for part, text in parts.items() if text} or None
