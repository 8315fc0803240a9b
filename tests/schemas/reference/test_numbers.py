"""Personal numbers: each one that the rule builds is read back, each broken part is refused."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.reference import numbers, units
from schemas.reference.numbers import ImpossibleNumber, disagreement, make_number, read_number

PROVINCES = [f"0{province.code}" for province in units.provinces(units.VN63)]
COUNTRIES = [str(code) for code in numbers.COUNTRY_CODES]

some_number = st.builds(
    make_number,
    st.sampled_from(PROVINCES) | st.sampled_from(COUNTRIES),
    st.sampled_from(["MALE", "FEMALE"]),
    st.integers(1900, 2399),
    st.integers(0, 999_999),
)


def refusal(text: str) -> str:
    with pytest.raises(ImpossibleNumber) as caught:
        read_number(text)
    assert str(caught.value) == caught.value.reason
    return caught.value.reason


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(PROVINCES + COUNTRIES),
    st.sampled_from(["MALE", "FEMALE"]),
    st.integers(1900, 2399),
    st.integers(0, 999_999),
)
def test_every_number_that_the_rule_builds_is_read_back(province: str, sex: str, year: int, serial: int) -> None:
    text = make_number(province, sex, year, serial)
    number = read_number(text)
    assert number == (province, year // 100 + 1, sex, year, text)
    assert int(text[6:]) == serial
    assert disagreement(number, sex=sex, born_on=date(year, 1, 1), today=date(2399, 12, 31)) is None


@pytest.mark.parametrize(
    ("text", "sex", "year"),
    [
        ("001099000001", "MALE", 1999),
        ("001199000001", "FEMALE", 1999),
        ("001200000001", "MALE", 2000),
        ("001300000001", "FEMALE", 2000),
        ("001400000001", "MALE", 2100),
        ("001999000001", "FEMALE", 2399),
    ],
)
def test_the_fourth_digit_tells_century_and_sex(text: str, sex: str, year: int) -> None:
    number = read_number(text)
    assert (number.sex, number.birth_year) == (sex, year)


@settings(max_examples=100, deadline=None)
@given(some_number, st.integers(0, 11), st.sampled_from(["", "x", " ", "٣", "²", "１", "00", "\n"]))
def test_anything_but_twelve_ascii_digits_is_refused(text: str, at: int, instead: str) -> None:
    assert refusal(text[:at] + instead + text[at + 1 :]) == numbers.NOT_TWELVE_DIGITS


@settings(max_examples=100, deadline=None)
@given(some_number, st.integers(0, 999))
def test_a_place_code_that_no_list_has_is_refused(text: str, code: int) -> None:
    place = f"{code:03}"
    if place in PROVINCES or place in COUNTRIES:
        assert read_number(place + text[3:]).province_code == place
    else:
        assert refusal(place + text[3:]) == numbers.UNKNOWN_PROVINCE


@pytest.mark.parametrize("place", ["000", "003", "005", "097", "099", "900", "999"])
def test_the_gaps_of_the_province_list_are_no_provinces(place: str) -> None:
    assert refusal(f"{place}090123456") == numbers.UNKNOWN_PROVINCE


def test_a_number_keeps_the_code_of_a_province_that_is_no_more() -> None:
    assert units.province("77", units.VN34) is None
    assert read_number("077090123456").province_code == "077"


@settings(max_examples=50, deadline=None)
@given(some_number, st.sampled_from(["MALE", "FEMALE"]), st.dates(date(1900, 1, 1), date(2399, 12, 31)))
def test_a_number_fits_a_person_when_sex_and_birth_year_do(text: str, sex: str, born_on: date) -> None:
    number = read_number(text)
    assert (disagreement(number, sex=sex) is None) == (number.sex == sex)
    assert (disagreement(number, born_on=born_on) is None) == (number.birth_year == born_on.year)
    assert disagreement(number) is None


def test_each_disagreement_has_its_own_reason_without_the_number() -> None:
    number = read_number("001200123456")
    reasons = {
        disagreement(number, sex="FEMALE"): numbers.SEX_DIFFERS,
        disagreement(number, born_on=date(1999, 12, 31)): numbers.YEAR_DIFFERS,
        disagreement(number, today=date(1999, 12, 31)): numbers.NOT_BORN_YET,
        refusal("001200"): numbers.NOT_TWELVE_DIGITS,
        refusal("003200123456"): numbers.UNKNOWN_PROVINCE,
    }
    assert all(found == reason for found, reason in reasons.items())
    assert len(reasons) == 5
    assert not any(character.isdigit() for reason in reasons.values() for character in reason[30:])


@pytest.mark.parametrize(("year", "serial"), [(1899, 0), (2400, 0), (2000, -1), (2000, 1_000_000)])
def test_no_number_is_made_outside_the_rule(year: int, serial: int) -> None:
    with pytest.raises(ValueError, match="out of range"):
        make_number("001", "MALE", year, serial)


def test_no_number_is_made_for_an_unknown_province() -> None:
    with pytest.raises(ImpossibleNumber):
        make_number("003", "MALE", 2000, 1)
