"""Readers of single cells: each takes the row and a column and returns JSON, None when the cell is empty.

All raise BadCell with the column and a message that never repeats the content.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TypeVar

from adapters.sources.source import BadCell, Cells
from schemas.reference import numbers, units

MISSING = "thiếu giá trị / a value is required"

_ADDRESS_KEY, _NAME_KEY = "Mã tỉnh", "Họ"
_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII)

T = TypeVar("T")


def text(cells: Cells, column: str) -> str | None:
    """Return the content as it stands."""
    return cells[column] or None


def present(cells: Cells, column: str, read: Callable[[Cells, str], T | None]) -> T:
    """Return what `read` makes of a cell that must not be empty."""
    if (value := read(cells, column)) is None:
        raise BadCell(column, MISSING)
    return value


def needed(cells: Cells, column: str) -> str:
    """Return the content of a cell that must not be empty."""
    if not (value := cells[column]):
        raise BadCell(column, MISSING)
    return value


def day(cells: Cells, column: str) -> str | None:
    """Read `dd/mm/yyyy` (a time behind it is left out) as `YYYY-MM-DD`."""
    return _moment(cells, column)[:10] if cells[column] else None


def moment(cells: Cells, column: str) -> str | None:
    """Read `dd/mm/yyyy[ HH:MM[:SS]]`, Vietnamese time, as RFC 3339 with the offset `+07:00`."""
    return f"{_moment(cells, column)}+07:00" if cells[column] else None


def count(cells: Cells, column: str) -> int | None:
    """Read a whole number of up to nine digits."""
    value = cells[column]
    if value and not (value.isascii() and value.isdecimal() and len(value) < 10):
        raise BadCell(column, "phải là số nguyên / must be a whole number")
    return int(value) if value else None


def person(cells: Cells, column: str) -> str | None:
    """Read a personal number that can exist."""
    value = cells[column]
    if value:
        try:
            numbers.read_number(value)
        except numbers.ImpossibleNumber as error:
            raise BadCell(column, f"số định danh không thể có / impossible number: {error.reason}") from None
    return value or None


def persons(cells: Cells, column: str) -> list[str] | None:
    """Read personal numbers parted by spaces."""
    return [value for part in cells[column].split() if (value := person({column: part}, column))] or None


def country(cells: Cells, column: str) -> str | None:
    """Read a country code, ISO 3166-1 alpha-2."""
    value = cells[column]
    if value and not (len(value) == 2 and value.isascii() and value.isalpha() and value.isupper()):
        raise BadCell(column, "phải là mã nước 2 chữ in hoa / must be a country code of two capitals")
    return value or None


def choice(words: Mapping[str, T]) -> Callable[[Cells, str], T | None]:
    """Return a reader of a cell that holds one of `words`, in capitals or not."""
    folded = {word.casefold(): meaning for word, meaning in words.items()}

    def read(cells: Cells, column: str) -> T | None:
        if not (value := cells[column]):
            return None
        if (meaning := folded.get(value.casefold())) is None:
            raise BadCell(column, f"phải là một trong / must be one of: {', '.join(words)}")
        return meaning

    return read


def name(cells: Cells, column: str) -> dict[str, str] | None:
    """Read a name from `Họ…`, `Chữ đệm…` and `Tên…`; `column` is the first of the three."""
    middle_column, given_column = (f"{part}{column.removeprefix(_NAME_KEY)}" for part in ("Chữ đệm", "Tên"))
    family, middle, given = cells[column], cells[middle_column], cells[given_column]
    if not (family or middle or given):
        return None
    parts = {"family": needed(cells, column), "given": needed(cells, given_column)}
    return parts | {"middle": middle} if middle else parts


def address(cells: Cells, column: str) -> dict[str, str] | None:
    """Read an address from `Hệ mã…`, `Mã tỉnh…`, `Mã xã…` and `Địa chỉ…`; `column` is the second of the four.

    The province must exist in the code system. A ward is only checked for its form: old records name wards
    that were gone before the list that we have.
    """
    system_column, ward_column, detail_column = _address_columns(column)
    system, ward, detail = cells[system_column], cells[ward_column], cells[detail_column]
    if not (system or cells[column] or ward or detail):
        return None
    province = needed(cells, column)
    if needed(cells, system_column) not in (units.VN63, units.VN34):
        raise BadCell(system_column, "phải là VN63 hoặc VN34 / must be VN63 or VN34")
    if units.province(province, system) is None:
        raise BadCell(column, f"mã tỉnh không có trong {system} / no province code of {system}")
    if ward and not (len(ward) == 5 and ward.isascii() and ward.isdecimal()):
        raise BadCell(ward_column, "mã xã phải có 5 chữ số / a ward code has 5 digits")
    parts = {"code_system": system, "province_code": province, "ward_code": ward, "detail": detail}
    return {part: value for part, value in parts.items() if value}


@lru_cache
def _address_columns(column: str) -> tuple[str, str, str]:
    place = column.removeprefix(_ADDRESS_KEY)
    return f"Hệ mã{place}", f"Mã xã{place}", f"Địa chỉ{place}"


def _moment(cells: Cells, column: str) -> str:
    if (read := _read_moment(cells[column])) is None:
        raise BadCell(column, "phải là ngày dd/mm/yyyy [HH:MM] / must be a date dd/mm/yyyy [HH:MM]")
    return read


@lru_cache(maxsize=65536)
def _read_moment(value: str) -> str | None:
    if (match := _DATE.fullmatch(value)) is None:
        return None
    day, month, year, hour, minute, second = (int(part or 0) for part in match.groups())
    try:
        return datetime(year, month, day, hour, minute, second).isoformat()  # noqa: DTZ001 — local by contract
    except ValueError:
        return None
