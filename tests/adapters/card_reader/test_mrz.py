"""The back of the card: three lines, five check digits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from adapters.card_reader.dg1 import dg1_of
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.mrz import Mrz, mrz_of
from tests.adapters.card_reader.virtual.groups import dg1, wrap
from tests.adapters.card_reader.virtual.personal import DUNG, HOA, MINH, Persona, check_digit, mrz_lines

#: Written by hand, digit by digit, so that the tests' own encoder is checked too.
BY_HAND = (
    "IDVNM1927004173001192700417<<4",
    "9205174F3205172VNM<<<<<<<<<<<6",
    "NGUYEN<<THI<MINH<ANH<<<<<<<<<<",
)


def refused(text: str) -> bool:
    with pytest.raises(Failed) as failed:
        mrz_of(text)
    return failed.value.code is Code.malformed


@pytest.mark.parametrize("persona", [MINH, DUNG, HOA])
@pytest.mark.parametrize("between", ["", "\n", "\r\n", " \n "])
def test_the_number_and_the_dates_are_read_however_the_lines_are_broken(persona: Persona, between: str) -> None:
    found = mrz_of(between.join(mrz_lines(persona)) + between)
    assert found.number == persona.number
    assert found.document_number == persona.number[-9:]
    assert found.birth == f"{persona.birth:%y%m%d}"
    assert found.expires == (persona.expires or date(2099, 12, 31))


def test_the_example_of_the_standard_has_the_check_digits_that_the_standard_says() -> None:
    assert [check_digit(text) for text in ("520727", "D23145890", "740812", "120415")] == ["3", "7", "2", "9"]


def test_lines_written_by_hand_are_the_ones_of_the_virtual_card() -> None:
    assert mrz_lines(MINH) == BY_HAND


#: Sex and nationality are under no check digit.
UNCHECKED = {37, 45, 46, 47}


@pytest.mark.parametrize("place", [place for place in range(60) if place not in UNCHECKED])
def test_one_misread_letter_is_noticed(place: int) -> None:
    letters = "".join(BY_HAND)
    other = "1" if letters[place] != "1" else "2"
    assert refused(letters[:place] + other + letters[place + 1 :])


@pytest.mark.parametrize("place", [14, 29, 36, 44])
def test_each_check_digit_counts_even_if_the_last_one_was_made_to_fit(place: int) -> None:
    letters = "".join(BY_HAND)
    wrong = letters[:place] + str((int(letters[place]) + 1) % 10) + letters[place + 1 :]
    composite = check_digit(wrong[5:37] + wrong[38:45] + wrong[48:59])
    assert refused(wrong[:59] + composite + wrong[60:])


def test_a_card_without_an_end_may_leave_the_expiry_open() -> None:
    first, second, third = BY_HAND
    open_end = second[:8] + "<<<<<<0" + second[15:29]
    composite = check_digit(first[5:] + open_end[:7] + open_end[8:15] + open_end[18:29])
    assert mrz_of(first + open_end + composite + third).expires is None


def test_the_check_digit_of_the_personal_number_may_be_left_out_but_not_the_number() -> None:
    first, second, third = BY_HAND
    without = first[:29] + "<"
    composite = check_digit(without[5:] + second[:7] + second[8:15] + second[18:29])
    assert mrz_of(without + second[:29] + composite + third).number == MINH.number
    assert refused((first[:15] + "<" * 15) + second + third)


@pytest.mark.parametrize(
    "text", ["", "IDVNM", "A" * 90, "<" * 90, "".join(BY_HAND)[:-1], "".join(BY_HAND) + "<", "Đ" * 90, "\x00" * 90]
)
def test_what_is_no_mrz_is_refused(text: str) -> None:
    assert refused(text)


def test_another_country_and_a_day_that_does_not_exist_are_refused() -> None:
    assert refused("".join(BY_HAND).replace("IDVNM", "IDUTO"))
    first, second, third = BY_HAND
    no_day = second[:8] + "320230" + check_digit("320230") + second[15:29]
    composite = check_digit(first[5:] + no_day[:7] + no_day[8:15] + no_day[18:29])
    assert refused(first + no_day + composite + third)


def test_dg1_is_the_same_lines_in_their_wrapping() -> None:
    assert dg1_of(dg1(BY_HAND)) == mrz_of("".join(BY_HAND))
    for broken in (
        b"",
        dg1(BY_HAND)[:-1],
        dg1(BY_HAND) + b"\x00",
        wrap(0x61, b""),
        wrap(0x60, wrap(0x5F1F, b"")),
        dg1(["Ă"[:0]]),
    ):
        with pytest.raises(Failed) as failed:
            dg1_of(broken)
        assert failed.value.code is Code.malformed
    with pytest.raises(Failed):
        dg1_of(wrap(0x61, wrap(0x5F1F, b"\xff" * 90)))


def test_nothing_of_the_person_is_in_a_text_made_of_it() -> None:
    found = mrz_of("".join(BY_HAND))
    assert repr(found) == "Mrz()"
    assert replace(found) == found
    assert not {"name", "sex"} & set(Mrz.__dataclass_fields__), "what is not needed is not kept"
