"""Reads personal numbers (*số định danh cá nhân*) and says whether one can exist and fits a person.

Twelve digits (Decree 137/2015/NĐ-CP, article 13; Circular 07/2016/TT-BCA, article 7 and annexes): three for
the province or country where the birth was registered, one for century and sex (0/1 = male/female born
1900–1999, 2/3 = 2000–2099, … 8/9 = 2300–2399), two for the year of birth, six at random. No check digit.
"""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Final, NamedTuple

from schemas.reference.units import VN63, provinces

NOT_TWELVE_DIGITS: Final = "a personal number has 12 digits"
UNKNOWN_PROVINCE: Final = "the first three digits of the personal number are no province or country code"
SEX_DIFFERS: Final = "the sex in the personal number differs from the sex given"
YEAR_DIFFERS: Final = "the birth year in the personal number differs from the birth date given"
NOT_BORN_YET: Final = "the birth year in the personal number is in the future"

#: Codes of countries, for births registered abroad. The list of the countries could not be had from a source
#: that we trust, so any code beside the provinces' is taken up to where international lists end (README).
COUNTRY_CODES: Final = range(100, 900)


class ImpossibleNumber(ValueError):
    """No person can have this number; `reason` says why, in stable words and without the number."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class PersonalNumber(NamedTuple):
    """What a personal number says about its person."""

    #: Three digits: a province of the old list of 63, `001`–`096`, or a country.
    province_code: str
    #: 20 for births in 1900–1999, 21 for 2000–2099, …
    century: int
    #: `MALE` or `FEMALE`.
    sex: str
    birth_year: int
    #: The twelve digits.
    text: str


def read_number(text: str) -> PersonalNumber:
    """Return the parts of a personal number.

    Raises ImpossibleNumber when it is not twelve digits or its province or country code does not exist.
    """
    if len(text) != 12 or not text.isdecimal() or not text.isascii():
        raise ImpossibleNumber(NOT_TWELVE_DIGITS)
    province_code, century, sex, birth_year = _read_prefix(text[:6])
    return PersonalNumber(province_code, century, sex, birth_year, text)


def make_number(province_code: str, sex: str, birth_year: int, serial: int) -> str:
    """Return the number of a person: `serial` (0–999,999) stands for the six random digits.

    Raises ImpossibleNumber for an unknown province code, ValueError for a year outside 1900–2399 or a serial
    outside its range.
    """
    if not 1900 <= birth_year <= 2399 or not 0 <= serial <= 999_999:
        raise ValueError("birth year or serial out of range")
    digit = (birth_year - 1900) // 100 * 2 + (sex == "FEMALE")
    return read_number(f"{province_code}{digit}{birth_year % 100:02}{serial:06}").text


def disagreement(
    number: PersonalNumber, *, sex: str | None = None, born_on: date | None = None, today: date | None = None
) -> str | None:
    """Return why a number cannot belong to a person of this sex and birth date, or None.

    What is not given is not asked. With `today`, a birth year after it is a disagreement too. Not for a
    correction of sex or birth year itself: there the old number disagrees by nature, and a new one is made
    (Circular 59/2021/TT-BCA, article 6).
    """
    if sex is not None and sex != number.sex:
        return SEX_DIFFERS
    if born_on is not None and born_on.year != number.birth_year:
        return YEAR_DIFFERS
    if today is not None and number.birth_year > today.year:
        return NOT_BORN_YET
    return None


@cache  # at most 863 codes of place × 10 × 100; in life some ten thousand
def _read_prefix(prefix: str) -> tuple[str, int, str, int]:
    province_code, digit, year = prefix[:3], int(prefix[3]), int(prefix[4:])
    if province_code not in _province_codes() and int(province_code) not in COUNTRY_CODES:
        raise ImpossibleNumber(UNKNOWN_PROVINCE)
    century = digit // 2
    return province_code, 20 + century, "FEMALE" if digit % 2 else "MALE", 1900 + 100 * century + year


@cache
def _province_codes() -> frozenset[str]:
    """The old list, three digits: numbers keep it after the mergers of 2025."""
    return frozenset(f"0{province.code}" for province in provinces(VN63))
