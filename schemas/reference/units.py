"""Looks up provinces and wards of both administrative lists, by code, and what became of the old ones.

Two code systems, as in `Address.code_system`: `VN63`, the list until 30 June 2025 (63 provinces, districts,
wards), and `VN34`, the list since 1 July 2025 (34 provinces, wards). The same digits may name different units
in the two, so a code always travels with its system. Source, licence and gaps: README.md beside this file.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from typing import NamedTuple

VN63 = "VN63"
VN34 = "VN34"


class Province(NamedTuple):
    """A province or city under the central government, as it was named in one span of time."""

    system: str
    #: Two digits.
    code: str
    #: `Tỉnh` or `Thành phố`.
    kind: str
    #: Without the kind: `Hà Nội`.
    name: str
    #: First day; None when it lies before what the source knows.
    valid_from: date | None
    #: Last day, inclusive; None when still in force.
    valid_until: date | None
    #: Code of the province of today that took it over (VN63 only).
    successor: str | None


class Ward(NamedTuple):
    """A commune-level unit (`Xã`, `Phường`, `Thị trấn`, `Đặc khu`)."""

    system: str
    #: Five digits.
    code: str
    province_code: str
    #: Name of the old district, such as `Quận Ba Đình`; empty in VN34, which has none.
    district: str
    kind: str
    name: str
    valid_from: date | None
    #: Last day, inclusive; None when still in force.
    valid_until: date | None


def province(code: str, system: str, on: date | None = None) -> Province | None:
    """Return the province that had this code, on that day; without a day, its latest form."""
    forms = _provinces().get((system, code), ())
    return next((form for form in forms if on is None or _in_force(form, on)), None)


def provinces(system: str) -> tuple[Province, ...]:
    """Return the latest form of every province of a code system, by code."""
    return tuple(forms[0] for (of, _), forms in _provinces().items() if of == system)


def ward(code: str, system: str, on: date | None = None) -> Ward | None:
    """Return the ward that had this code, on that day; without a day, whenever it was."""
    row = _wards(system).get(code)
    if row is None:
        return None
    found = _ward(system, row)
    return found if on is None or _in_force(found, on) else None


def wards_of(province_code: str, system: str) -> tuple[Ward, ...]:
    """Return every ward of a province, by code; empty for an unknown province."""
    return tuple(_ward(system, row) for row in _wards(system).values() if row[1] == province_code)


def successors(old_ward_code: str) -> tuple[Ward, ...]:
    """Return the wards of today (VN34) over which an old ward (VN63) was spread.

    The first is the likeliest (it holds the old ward's centre); the others are candidates that only the
    street can decide. Empty for an unknown code.
    """
    row = _wards(VN63).get(old_ward_code)
    today = _wards(VN34)
    return tuple(_ward(VN34, today[code]) for code in row[7].split()) if row else ()


def current_province(code_system: str, province_code: str) -> str:
    """Return the code, in the list of today, of the territory that an address's province now belongs to.

    Raises KeyError for an unknown system or code.
    """
    return _current()[code_system, province_code]


def _in_force(unit: Province | Ward, on: date) -> bool:
    return (unit.valid_from is None or unit.valid_from <= on) and (unit.valid_until is None or on <= unit.valid_until)


def _rows(file: str) -> list[list[str]]:
    return list(csv.reader((files(__package__) / file).read_text("utf-8").splitlines()))[1:]


@cache
def _provinces() -> Mapping[tuple[str, str], tuple[Province, ...]]:
    """All forms per (system, code), the latest first."""
    found: dict[tuple[str, str], tuple[Province, ...]] = {}
    for system, code, kind, name, valid_from, valid_until, successor in _rows("provinces.csv"):
        form = Province(system, code, kind, name, _day(valid_from), _day(valid_until), successor or None)
        found[system, code] = (form, *found.get((system, code), ()))
    return found


@cache
def _current() -> Mapping[tuple[str, str], str]:
    return {key: forms[0].successor or forms[0].code for key, forms in _provinces().items()}


@cache
def _wards(system: str) -> Mapping[str, list[str]]:
    """Rows as read, by code: turning 13,000 of them into objects would cost what nobody asks for."""
    return {row[0]: row for row in _rows(f"wards_{system.lower()}.csv")} if system in (VN63, VN34) else {}


def _ward(system: str, row: list[str]) -> Ward:
    code, province_code, district, kind, name, valid_from, valid_until, _ = row
    return Ward(system, code, province_code, district, kind, name, _day(valid_from), _day(valid_until))


@cache
def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
