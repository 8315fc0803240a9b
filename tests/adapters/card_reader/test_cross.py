"""All that was read speaks of one person, and the document is still valid."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from adapters.card_reader.cross import check_expiry, check_numbers
from adapters.card_reader.dg13 import Dg13, dg13_of
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.mrz import mrz_of
from adapters.card_reader.qr import qr_of
from tests.adapters.card_reader.virtual.groups import dg13, fields_of
from tests.adapters.card_reader.virtual.personal import DUNG, MINH, mrz_lines

MRZ = mrz_of("".join(mrz_lines(MINH)))
DG13 = dg13_of(dg13(fields_of(MINH)))
QR = qr_of(f"{MINH.number}||Tên khác hẳn|17051992|Nữ|x|01062021")
OTHER_DG13 = dg13_of(dg13(fields_of(DUNG)))
OTHER_QR = qr_of(f"{DUNG.number}||x|02111985|Nam|x|20082024")


@pytest.mark.parametrize("given", [None, MINH.number, MINH.number[-9:], MINH.number[-6:]])
def test_the_same_number_everywhere_agrees_whatever_the_names_are(given: str | None) -> None:
    assert check_numbers(MRZ, DG13, QR, given) is True


def test_nothing_to_compare_with_is_not_an_agreement() -> None:
    assert check_numbers(MRZ) is None
    assert check_numbers(MRZ, Dg13(None, None, None, None)) is None


def test_one_other_number_anywhere_is_a_mismatch() -> None:
    for dg13_, qr, given in (
        (OTHER_DG13, None, None),
        (DG13, OTHER_QR, None),
        (DG13, QR, DUNG.number),
        (DG13, QR, DUNG.number[-6:]),
        (OTHER_DG13, OTHER_QR, DUNG.number),
    ):
        with pytest.raises(Failed) as failed:
            check_numbers(MRZ, dg13_, qr, given)
        assert failed.value.code is Code.number_mismatch
        assert str(failed.value) == "number_mismatch"


def test_the_last_day_counts_in_vietnam() -> None:
    last = date(2026, 11, 22)
    assert check_expiry(last, datetime(2026, 11, 22, 16, 59, tzinfo=UTC)) is True
    with pytest.raises(Failed) as failed:
        check_expiry(last, datetime(2026, 11, 22, 17, 0, tzinfo=UTC))
    assert failed.value.code is Code.document_expired


def test_a_card_without_an_end_does_not_expire() -> None:
    assert check_expiry(None, datetime(2126, 1, 1, tzinfo=UTC)) is True
