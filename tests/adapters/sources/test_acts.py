"""What the registers share: ids that follow from the row, versions, changes, dates, and who registered it."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.adapters.sources.exports import (
    BIRTH,
    CARD,
    CHILD,
    CIVIL_STATUS,
    IDENTITY,
    MAN,
    MARRIAGE,
    MOVE,
    RESIDENCE,
    WOMAN,
    error_of,
    events_of,
)


def test_a_row_becomes_a_cloud_event() -> None:
    (event,) = events_of(RESIDENCE, {**MOVE, "Mã đợt": "SO-HOA-1"})
    assert str(UUID(event.pop("id"))) != str(UUID(int=0))
    assert event == {
        "specversion": "1.0",
        "type": "ResidenceChanged",
        "source": "/registers/residence/79",
        "subject": MAN,
        "time": "2025-08-04T00:00:00+07:00",
        "datacontenttype": "application/json",
        "change": "CREATED",
        "factid": "residence/79/1/2025",
        "factversion": 1,
        "registeredat": "2025-08-11T08:42:00+07:00",
        "bulkid": "SO-HOA-1",
        "data": {
            "kind": "PERMANENT",
            "to_address": {
                "code_system": "VN34",
                "province_code": "79",
                "ward_code": "26740",
                "detail": "72 Lê Thánh Tôn",
            },
            "moved_on": "2025-08-01",
        },
    }


def test_reading_the_same_row_twice_gives_the_same_events() -> None:
    for source, row in ((CIVIL_STATUS, MARRIAGE), (RESIDENCE, MOVE), (IDENTITY, CARD)):
        assert events_of(source, row, row)[: len(events_of(source, row))] == events_of(source, row)
        assert len({event["id"] for event in events_of(source, row, row)}) == len(events_of(source, row))


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["1", "2", "3"]),
            st.sampled_from(["1/2025", "2/2025"]),
            st.sampled_from(["79", "01"]),
            st.sampled_from([MAN, WOMAN, CHILD]),
        ),
        unique=True,
        max_size=12,
    )
)
def test_different_versions_acts_offices_and_persons_have_different_ids(
    keys: list[tuple[str, str, str, str]],
) -> None:
    rows = [
        {**MOVE, "Lần": version, "Số hồ sơ": act, "Mã tỉnh": office, "Số định danh": person}
        for version, act, office, person in keys
    ]
    assert len({event["id"] for event in events_of(RESIDENCE, *rows)}) == len(rows)


def test_registers_do_not_share_ids() -> None:
    ids = [event["id"] for event in (*events_of(RESIDENCE, MOVE), *events_of(IDENTITY, CARD))]
    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    ("word", "change"),
    [
        ("Sửa đổi", "CORRECTED"),
        ("Hủy", "ANNULLED"),
        ("Huỷ", "ANNULLED"),
        ("chấm dứt", "CEASED"),
        ("XÓA ĐĂNG KÝ", "CEASED"),
        ("Xoá đăng ký", "CEASED"),
    ],
)
def test_a_later_version_names_the_event_of_the_version_before(word: str, change: str) -> None:
    first, second, third = events_of(
        RESIDENCE, MOVE, {**MOVE, "Lần": "2", "Biến động": "Sửa đổi"}, {**MOVE, "Lần": "3", "Biến động": word}
    )
    assert "previousid" not in first
    assert second["previousid"] == first["id"]
    assert third["previousid"] == second["id"]
    assert (third["change"], third["factid"], third["factversion"]) == (change, first["factid"], 3)


def test_an_annulment_carries_no_data_and_needs_none() -> None:
    bare = {column: MOVE[column] for column in MOVE if "đến" not in column}
    (event,) = events_of(RESIDENCE, {**bare, "Biến động": "Hủy", "Lần": "2"})
    assert "data" not in event


def test_an_end_needs_no_data_and_keeps_what_it_has() -> None:
    bare = {column: MOVE[column] for column in MOVE if "đến" not in column}
    (event,) = events_of(RESIDENCE, {**bare, "Biến động": "Chấm dứt", "Lần": "2"})
    assert event["data"] == {"kind": "PERMANENT"}


def test_an_acts_day_may_carry_a_time() -> None:
    (event,) = events_of(CIVIL_STATUS, {**BIRTH, "Ngày sự kiện": "4/8/2025 6:05"})
    assert event["time"] == "2025-08-04T06:05:00+07:00"
    assert event["data"]["born_on"] == "2025-08-04"


@pytest.mark.parametrize(
    ("column", "content"),
    [
        ("Loại cư trú", ""),
        ("Loại cư trú", "Ở nhờ"),
        ("Biến động", ""),
        ("Biến động", "Mới"),
        ("Số hồ sơ", ""),
        ("Lần", ""),
        ("Lần", "-1"),
        ("Lần", "một"),
        ("Lần", "1.0"),
        ("Lần", "٣"),
        ("Lần", "1234567890"),
        ("Mã tỉnh", ""),
        ("Mã tỉnh", "1"),
        ("Mã tỉnh", "03"),
        ("Thời điểm ghi sổ", ""),
        ("Thời điểm ghi sổ", "2025-08-11 08:42"),
        ("Thời điểm ghi sổ", "11/08/2025 24:00"),
        ("Ngày sự kiện", ""),
        ("Ngày sự kiện", "29/02/2025"),
        ("Ngày sự kiện", "31/04/2025"),
        ("Ngày sự kiện", "01/01/0000"),
        ("Ngày sự kiện", "1/1/25"),
        ("Ngày sự kiện", "08/04/2025x"),
        ("Số định danh", ""),
        ("Số định danh", "79090000412"),
        ("Số định danh", "003090000412"),
        ("Ngày chuyển đến", ""),
        ("Mã tỉnh đến", ""),
        ("Mã tỉnh đến", "02"),
        ("Hệ mã đến", ""),
        ("Hệ mã đến", "VN64"),
        ("Mã xã đến", "2674"),
        ("Mã xã đến", "2674O"),
        ("Đến ngày", "mai"),
    ],
)
def test_a_cell_that_cannot_be_is_named_by_its_column(column: str, content: str) -> None:
    error = error_of(RESIDENCE, {**MOVE, column: content})
    assert (error.line, error.column) == (2, column)
    assert " / " in error.message  # Vietnamese, then English


@pytest.mark.parametrize("word", ["Sửa đổi", "Hủy", "Chấm dứt"])
def test_only_a_new_act_can_be_the_first_version(word: str) -> None:
    assert error_of(RESIDENCE, {**MOVE, "Biến động": word}).column == "Lần"
