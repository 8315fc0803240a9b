"""The printed code: read as scanners give it, kept as little as possible, and never believed."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.qr import Qr, qr_of

OF_2021 = "001192700417|012700417|Nguyễn Thị Minh Ánh|17051992|Nữ|Số 5 Ngõ Gạch Vỡ, Phường Thử Nghiệm, Hà Nội|01062021"
OF_2024 = "079085300928||Đỗ Quang Dũng|02111985|Nam|Phường Thử Nghiệm|20082024||Trần Thị Mẹ Thử||079085300111"


def refused(scanned: str | bytes) -> bool:
    with pytest.raises(Failed) as failed:
        qr_of(scanned)
    assert failed.value.__context__ is None, "an error of a parser holds what it could not read"
    return failed.value.code is Code.qr_malformed


def test_the_layout_of_2021_is_read() -> None:
    assert qr_of(OF_2021) == Qr("001192700417", "012700417", date(1992, 5, 17), date(2021, 6, 1), 2021, ())


def test_the_fields_that_2024_added_are_kept_and_not_interpreted() -> None:
    found = qr_of(OF_2024)
    assert (found.number, found.old_number, found.layout) == ("079085300928", None, 2024)
    assert found.extra == ("", "Trần Thị Mẹ Thử", "", "079085300111")


@pytest.mark.parametrize("before", ["", "\ufeff", "]Q1", "\x02", " "])
@pytest.mark.parametrize("after", ["", "\n", "\r\n", "\t", "\r", "\x03"])
def test_a_serial_line_a_keyboard_and_a_file_give_the_same(before: str, after: str) -> None:
    scanned = f"{before}{OF_2021}{after}"
    assert qr_of(scanned) == qr_of(scanned.encode()) == qr_of(OF_2021)


def test_a_keyboard_that_garbles_vietnamese_letters_does_no_harm() -> None:
    assert qr_of(OF_2021.encode("ascii", "replace").decode()).number == "001192700417"


def test_a_birth_of_which_only_the_year_is_known_and_an_empty_issue_are_taken() -> None:
    for birth in ("1955", "00001955"):
        assert qr_of(f"046155800233||Phạm Thị Hòa|{birth}|Nữ|Huế|").birth is None


@pytest.mark.parametrize(
    "scanned",
    [
        "",
        "|||||||",
        OF_2021.rsplit("|", 1)[0],
        OF_2021[1:],
        OF_2021.replace("|012700417|", "|CMND|"),
        OF_2021.replace("17051992", "31021992"),
        OF_2021.replace("01062021", "yesterday"),
        f"{OF_2021}\n{OF_2024}",
        OF_2021 + "|" * 3000,
        "٠٠١١٩٢٧٠٠٤١٧||x|17051992|Nữ|x|01062021",
        b"\xff\xfe" + OF_2021.encode("utf-16-le"),
        OF_2021.encode("utf-16"),
        b"\x89PNG\r\n\x1a\n",
    ],
)
def test_what_is_not_such_a_code_is_refused(scanned: str | bytes) -> None:
    assert refused(scanned)


def test_it_is_marked_as_unsigned_and_shows_nothing_of_the_person() -> None:
    found = qr_of(OF_2024)
    assert found.signed is False
    assert repr(found) == "Qr(layout=2024)"
    assert not {"name", "sex", "address"} & set(Qr.__dataclass_fields__), "what is not needed is not kept"


@settings(deadline=None)
@given(st.one_of(st.text(), st.binary(), st.lists(st.text(max_size=14)).map("|".join)))
def test_anything_else_is_read_or_refused_and_never_crashes(scanned: str | bytes) -> None:
    with suppress(Failed):
        assert qr_of(scanned).signed is False
