"""Whatever a system outside says, no personal number of it is stored or shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.logs import hide_numbers
from hub.deliveries.rows import MESSAGE_LENGTH, clean
from hub.discretion import hidden_numbers, without_numbers

NUMBER = "001090012345"
NUMBERS = st.from_regex(r"[0-9]{12}", fullmatch=True)


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"no title of {NUMBER}",
        f"citizen_{NUMBER}_x",
        f"id={NUMBER}&x=1",
        f"x{NUMBER}y",
        f"-{NUMBER}-",
        f"99{NUMBER}77",
        f"{NUMBER}{NUMBER}",
        f'{{"soDinhDanh":"{NUMBER}"}}',
        "001 090 012 345",
        "001.090.012.345",
        "001-090-012-345",
        "٠٠١٠٩٠٠١٢٣٤٥",
        f"0199c0de-0000-7000-8000-{NUMBER}9",
    ],
)
def test_a_personal_number_is_shortened_whatever_stands_around_it(text: str) -> None:
    shown = without_numbers(text)
    assert "•" in shown
    assert "0900123" not in re.sub(r"\D", "", shown)


@given(st.text(), NUMBERS, st.text())
def test_no_run_of_twelve_digits_is_left(before: str, number: str, after: str) -> None:
    assert not re.search(r"\d{12}", without_numbers(f"{before} {number} {after}"))


@given(st.text(), NUMBERS, st.text())
def test_where_nothing_may_be_told_no_digit_of_a_number_is_left(before: str, number: str, after: str) -> None:
    hidden = hidden_numbers(f"{before} {number} {after}", "")
    assert not re.search(r"\d{12}", hidden)
    assert hidden_numbers(f"of {number}.") == "of …."


def test_logs_and_health_hide_by_the_same_pattern() -> None:
    entry = {"event": f"no title of 001.090.012.345 or {NUMBER}99", "where": [NUMBER, {"who": f"x{NUMBER}"}]}
    shown = str(hide_numbers(None, "", dict(entry)))
    assert not re.search(r"\d{3}", shown)


@pytest.mark.parametrize(
    "text",
    ["", "HTTP 503", "position 12345678901", "2026-11-22T07:30:00Z", "0199c0de-0000-7000-8000-000000000001"],
)
def test_what_is_no_personal_number_stays(text: str) -> None:
    assert without_numbers(text) == text


@given(st.integers(MESSAGE_LENGTH - 14, MESSAGE_LENGTH + 2))
def test_a_number_that_is_cut_off_in_the_middle_does_not_show_its_beginning(length: int) -> None:
    kept = clean("x" * length + NUMBER)
    assert len(kept) <= MESSAGE_LENGTH
    assert not re.search(r"\d{4}", kept)


def test_a_number_with_a_nul_inside_is_found() -> None:
    assert clean("001090\x00012345") == "001•••••••45"
