"""The identity register's rows: cards, accounts, changed numbers, merged records."""

from __future__ import annotations

import pytest

from tests.adapters.sources.exports import (
    ACT,
    CARD,
    CHILD,
    IDENTITY,
    MAN,
    WOMAN,
    data_of,
    error_of,
    events_of,
)

ACCOUNT = {**ACT, "Loại việc căn cước": "Kích hoạt tài khoản", "Mức tài khoản": "2"}
NEW_NUMBER = {**ACT, "Loại việc căn cước": "Đổi số định danh", "Số định danh cũ": WOMAN, "Lý do": "Nhập sai"}
MERGER = {**ACT, "Loại việc căn cước": "Hợp nhất hồ sơ", "Số định danh cũ": f"{WOMAN} {CHILD}"}


@pytest.mark.parametrize(("word", "reason"), [("Cấp mới", "FIRST"), ("Cấp đổi", "RENEWAL"), ("Cấp lại", "REPLACEMENT")])
def test_a_card_is_issued_for_a_reason(word: str, reason: str) -> None:
    old = {"Số thẻ cũ": "7", "Tình trạng thẻ cũ": "Mất", "Ngày hết hạn": "12/03/2030"}
    (event,) = events_of(IDENTITY, {**CARD, **old, "Loại việc căn cước": word})
    assert event["type"] == "IdentityCardIssued"
    assert event["data"] == {
        "document_number": "790000412",
        "issued_on": "2025-08-04",
        "reason": reason,
        "expires_on": "2030-03-12",
        "previous_document_number": "7",
        "previous_document_state": "LOST",
    }


def test_a_lost_card_ends_the_act_of_its_issue() -> None:
    lost = {**CARD, "Loại việc căn cước": "Mất thẻ", "Biến động": "Chấm dứt", "Lần": "2"}
    issued, ended = events_of(IDENTITY, CARD, lost)
    assert (ended["type"], ended["change"], ended["previousid"]) == (
        "IdentityCardIssued",
        "CEASED",
        issued["id"],
    )
    assert ended["data"] == {"document_number": "790000412"}


@pytest.mark.parametrize("word", ["Đăng ký", "Sửa đổi", "Hủy"])
def test_a_lost_card_goes_with_no_other_change(word: str) -> None:
    error = error_of(IDENTITY, {**CARD, "Loại việc căn cước": "Mất thẻ", "Biến động": word, "Lần": "2"})
    assert error.column == "Biến động"
    assert "Chấm dứt" in error.message


def test_an_account_is_activated_at_a_level() -> None:
    (event,) = events_of(IDENTITY, ACCOUNT)
    assert event["type"] == "IdentityAccountActivated"
    assert event["data"] == {"level": 2, "activated_on": "2025-08-04"}


def test_a_changed_number_is_news_of_the_number_before() -> None:
    (event,) = events_of(IDENTITY, NEW_NUMBER)
    assert (event["type"], event["subject"]) == ("PersonalNumberChanged", WOMAN)
    assert event["data"] == {
        "old_number": WOMAN,
        "new_number": MAN,
        "changed_on": "2025-08-04",
        "reason": "Nhập sai",
    }
    (annulled,) = events_of(IDENTITY, {**NEW_NUMBER, "Biến động": "Hủy", "Lần": "2"})
    assert (annulled["subject"], annulled["previousid"]) == (WOMAN, event["id"])


def test_merged_records_are_news_of_the_one_that_stays() -> None:
    (event,) = events_of(IDENTITY, MERGER)
    assert (event["type"], event["subject"]) == ("PersonsMerged", MAN)
    assert event["data"] == {"merged_numbers": [WOMAN, CHILD], "merged_on": "2025-08-04"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({**CARD, "Số thẻ": ""}, "Số thẻ"),
        ({**CARD, "Tình trạng thẻ cũ": "Rách"}, "Tình trạng thẻ cũ"),
        ({**ACCOUNT, "Mức tài khoản": ""}, "Mức tài khoản"),
        ({**ACCOUNT, "Mức tài khoản": "hai"}, "Mức tài khoản"),
        ({**NEW_NUMBER, "Số định danh cũ": ""}, "Số định danh cũ"),
        ({**NEW_NUMBER, "Số định danh": ""}, "Số định danh"),
        ({**MERGER, "Số định danh cũ": ""}, "Số định danh cũ"),
        ({**MERGER, "Số định danh cũ": f"{WOMAN};{CHILD}"}, "Số định danh cũ"),
    ],
)
def test_what_a_row_must_have_is_missed_by_its_column(row: dict[str, str], column: str) -> None:
    assert error_of(IDENTITY, row).column == column


def test_an_annulled_number_change_still_names_its_person() -> None:
    row = {**NEW_NUMBER, "Biến động": "Hủy", "Lần": "2", "Số định danh cũ": ""}
    assert error_of(IDENTITY, row).column == "Số định danh cũ"
    assert data_of(IDENTITY, NEW_NUMBER)
