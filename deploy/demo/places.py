"""Where the synthetic population lives: today's provinces and wards, more people where more people live."""

from __future__ import annotations

from functools import cache
from random import Random
from typing import TypedDict

from schemas.reference import units

#: Inhabitants per province since 1 July 2025, in hundred thousands, rounded (Resolution 202/2025/QH15).
INHABITANTS = {
    "01": 88, "04": 6, "08": 19, "11": 7, "12": 5, "14": 14, "15": 18, "19": 18, "20": 9, "22": 15,
    "24": 36,
    "25": 40, "31": 47, "33": 36, "37": 44, "38": 43, "40": 38, "42": 16, "44": 19, "46": 14, "48":
    31, "51": 22,
    "52": 36, "56": 22, "66": 33, "68": 39, "75": 45, "79": 140, "80": 33, "82": 44, "86": 44, "91":
    50, "92": 42,
    "96": 26,
}  # fmt: skip
_STREETS = (
    "Lê Lợi", "Trần Hưng Đạo", "Nguyễn Huệ", "Hai Bà Trưng", "Quang Trung", "Nguyễn Trãi",
    "Phan Đình Phùng",
    "Lý Thường Kiệt", "Điện Biên Phủ", "Hùng Vương", "Ngô Quyền", "Đinh Tiên Hoàng",
)  # fmt: skip
_PROVINCES = tuple(code for code, weight in INHABITANTS.items() for _ in range(weight))


class _Codes(TypedDict):
    code_system: str
    province_code: str


class Address(_Codes, total=False):
    """An address as events carry it."""

    ward_code: str
    detail: str
    valid_from: str


@cache
def old_provinces() -> tuple[str, ...]:
    """Return the codes of the old list of 63, which live on in personal numbers and birth places."""
    return tuple(province.code for province in units.provinces(units.VN63))


@cache
def wards(province: str) -> tuple[str, ...]:
    """Return the ward codes of one of the 34 provinces."""
    return tuple(ward.code for ward in units.wards_of(province, units.VN34))


def draw_province(rng: Random) -> str:
    """Return the code of one of the 34 provinces."""
    return _PROVINCES[int(rng.random() * len(_PROVINCES))]


def draw_address(rng: Random, province: str | None = None) -> Address:
    """Return an address in a ward of `province`, or of any province."""
    code = province or draw_province(rng)
    codes = wards(code)
    street = _STREETS[int(rng.random() * len(_STREETS))]
    return {
        "code_system": "VN34",
        "province_code": code,
        "ward_code": codes[int(rng.random() * len(codes))],
        "detail": f"Số {1 + int(rng.random() * 400)}, đường {street}",
    }
