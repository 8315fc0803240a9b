"""Vietnamese names as they are given: family, middle and given name, with their real frequencies."""

from __future__ import annotations

from random import Random
from typing import TypedDict


class PersonName(TypedDict):
    """A name as events carry it; every part in Unicode NFC."""

    family: str
    middle: str
    given: str


#: Share of the population in thousandths. Source: Lê Trung Hoa, "Họ và tên người Việt Nam" (2005).
FAMILY_SHARES = {
    "Nguyễn": 384, "Trần": 110, "Lê": 95, "Phạm": 71, "Huỳnh": 36, "Hoàng": 35, "Phan": 45, "Vũ":
    22, "Võ": 20,
    "Đặng": 21, "Bùi": 20, "Đỗ": 14, "Hồ": 13, "Ngô": 13, "Dương": 10, "Lý": 5, "Đoàn": 9, "Đinh":
    9, "Trương": 9,
    "Mai": 8, "Trịnh": 7, "Hà": 7, "Lương": 6, "Lâm": 5, "Cao": 5, "Tạ": 4, "Châu": 3, "Quách": 2,
    "Thạch": 3,
    "Kiều": 2, "Nông": 3, "Giàng": 2, "Lò": 2,
}  # fmt: skip
#: Weights; a woman's middle name is *Thị* far more often than not, more so the older she is.
MIDDLE_SHARES = {
    "MALE": {
        "Văn": 34, "Hữu": 8, "Đức": 9, "Minh": 8, "Quang": 7, "Thanh": 5, "Công": 5, "Xuân": 4, "Ngọc": 4,
        "Quốc": 5, "Đình": 5, "Gia": 3, "Tuấn": 3,
    },
    "FEMALE": {
        "Thị": 46, "Thị Ngọc": 5, "Thị Thu": 4, "Ngọc": 9, "Thanh": 6, "Thu": 5, "Phương": 5,
        "Minh": 5, "Kim": 4,
        "Bích": 3, "Hồng": 4, "Diệu": 2, "Khánh": 2,
    },
}  # fmt: skip
GIVEN_SHARES = {
    "MALE": {
        "Anh": 6, "Hùng": 6, "Dũng": 5, "Minh": 6, "Tuấn": 6, "Nam": 4, "Hải": 4, "Long": 5,
        "Thành": 4, "Đức": 4,
        "Huy": 5, "Khoa": 3, "Phúc": 4, "Sơn": 4, "Tùng": 3, "Quân": 3, "Hiếu": 4, "Trung": 3, "Thắng": 3,
        "Bảo": 3, "Khánh": 3, "Đạt": 3, "Lâm": 2, "Vinh": 2, "Cường": 3, "Nghĩa": 2,
    },
    "FEMALE": {
        "Anh": 6, "Hương": 6, "Lan": 5, "Hoa": 5, "Linh": 6, "Trang": 5, "Thảo": 4, "Nga": 4,
        "Thủy": 4, "Mai": 4,
        "Hạnh": 3, "Yến": 3, "Ngân": 3, "Vy": 3, "Nhung": 3, "Hằng": 4, "Loan": 3, "Phượng": 2,
        "Tuyết": 2,
        "Quỳnh": 3, "Chi": 3, "Hiền": 4, "Oanh": 2, "Đào": 1, "My": 2, "Như": 2,
    },
}  # fmt: skip


def _spread(shares: dict[str, int]) -> tuple[str, ...]:
    """Repeat each name by its weight, so that one random index draws it."""
    return tuple(name for name, share in shares.items() for _ in range(share))


_FAMILY = _spread(FAMILY_SHARES)
_MIDDLE = {sex: _spread(shares) for sex, shares in MIDDLE_SHARES.items()}
_GIVEN = {sex: _spread(shares) for sex, shares in GIVEN_SHARES.items()}


def draw_family(rng: Random) -> str:
    """Return a family name."""
    return _FAMILY[int(rng.random() * len(_FAMILY))]


def draw_name(rng: Random, sex: str, family: str) -> PersonName:
    """Return a name for `sex` (MALE or FEMALE) with the given family name."""
    middle, given = _MIDDLE[sex], _GIVEN[sex]
    return {
        "family": family,
        "middle": middle[int(rng.random() * len(middle))],
        "given": given[int(rng.random() * len(given))],
    }
