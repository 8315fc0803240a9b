"""Keys: from a number, a card access number or MRZ lines; nothing of them is ever in a text."""

from __future__ import annotations

import pytest

from adapters.card_reader.failure import Code
from adapters.card_reader.key import Can, MrzInformation, WrongKey, check_digit, key_of_can, key_of_mrz, key_of_number
from tests.adapters.card_reader.virtual.personal import MINH, mrz_lines

LINES = mrz_lines(MINH)
WANTED = MrzInformation(MINH.number[-9:], "920517", "320517", MINH.number)


def test_the_access_number_is_the_end_of_the_personal_number() -> None:
    assert key_of_number(f" {MINH.number}\n") == Can(MINH.number[-6:], MINH.number)


@pytest.mark.parametrize("number", ["", "00119270041", "0011927004177", "00119270041X", "٠٠١١٩٢٧٠٠٤١٧"])
def test_what_is_no_personal_number_is_no_key(number: str) -> None:
    with pytest.raises(WrongKey):
        key_of_number(number)


def test_an_access_number_has_six_digits() -> None:
    assert key_of_can("700417 ") == Can("700417")
    with pytest.raises(WrongKey):
        key_of_can("70041")


@pytest.mark.parametrize(
    "text",
    [
        "\n".join(LINES),
        "".join(LINES),
        "\r\n".join(LINES),
        "\\n".join(LINES),
        "\n".join(LINES).lower(),
        "\n".join(LINES[:2]),
    ],
)
def test_mrz_lines_are_taken_however_they_were_scanned(text: str) -> None:
    assert key_of_mrz(text) == WANTED


def test_mrz_lines_are_taken_as_a_list_too() -> None:
    assert key_of_mrz(list(LINES)) == WANTED


def test_the_bare_mrz_information_is_taken() -> None:
    assert key_of_mrz(WANTED.text()) == MrzInformation(WANTED.document, WANTED.birth, WANTED.expiry)


def test_a_passport_has_two_lines() -> None:
    lines = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
    assert key_of_mrz(lines) == MrzInformation("L898902C3", "740812", "120415")


@pytest.mark.parametrize("place", [6, 14, 33, 36, 40, 44])
def test_a_misread_letter_is_noticed_before_a_card_is_asked(place: int) -> None:
    text = "".join(LINES)
    wrong = text[:place] + str((int(text[place]) + 1) % 10) + text[place + 1 :]
    with pytest.raises(WrongKey) as refused:
        key_of_mrz(wrong)
    assert refused.value.code is Code.access_denied
    assert "check digit" in refused.value.reason


@pytest.mark.parametrize("text", ["", "IDVNM", "Ngày sinh" * 10, "<" * 89])
def test_what_is_no_mrz_is_no_key(text: str) -> None:
    with pytest.raises(WrongKey):
        key_of_mrz(text)


def test_nothing_of_a_key_is_in_a_text_made_of_it() -> None:
    for key in (key_of_number(MINH.number), key_of_mrz(list(LINES))):
        assert MINH.number[-6:] not in repr(key)
        assert "920517" not in repr(key)
    with pytest.raises(WrongKey) as refused:
        key_of_mrz("".join(LINES)[:-1])
    assert MINH.number[-6:] not in str(refused.value) + refused.value.reason


def test_check_digits_are_those_of_the_standard() -> None:
    assert [check_digit(text) for text in ("520727", "AB2134<<<", "L898902C<")] == ["3", "5", "3"]
