"""The civil status register's rows: one event each, two for acts of a couple."""

from __future__ import annotations

import pytest

from tests.adapters.sources.exports import (
    ACT,
    BIRTH,
    CHILD,
    CIVIL_STATUS,
    MAN,
    MARRIAGE,
    WOMAN,
    data_of,
    error_of,
    events_of,
)

PLACE = {"Hệ mã nơi xảy ra": "VN34", "Mã tỉnh nơi xảy ra": "01", "Mã xã nơi xảy ra": "00004"}
HOME = {"Hệ mã cư trú": "VN63", "Mã tỉnh cư trú": "77", "Địa chỉ cư trú": "3 Lê Lợi"}
HANOI = {"code_system": "VN34", "province_code": "01", "ward_code": "00004"}
VUNG_TAU = {"code_system": "VN63", "province_code": "77", "detail": "3 Lê Lợi"}
NAME = {"family": "Nguyễn", "middle": "Minh", "given": "Khôi"}
END = {**MARRIAGE, "Loại việc hộ tịch": "Chấm dứt hôn nhân", "Lý do chấm dứt": "Ly hôn", "Số giấy tờ": "51"}


def test_a_birth_names_the_child_and_its_parents() -> None:
    parents = {"Số định danh mẹ": WOMAN, "Số định danh cha": MAN}
    row = {**BIRTH, **PLACE, **HOME, **parents, "Quốc tịch": "VN", "Số giấy tờ": "918"}
    (event,) = events_of(CIVIL_STATUS, row)
    assert (event["type"], event["subject"]) == ("BirthRegistered", CHILD)
    assert event["data"] == {
        "name": NAME,
        "sex": "MALE",
        "born_on": "2025-08-04",
        "nationality": "VN",
        "birth_place": HANOI,
        "residence": VUNG_TAU,
        "mother_number": WOMAN,
        "father_number": MAN,
        "certificate_number": "918",
    }


def test_a_death_tells_when_and_where() -> None:
    row = {**BIRTH, **PLACE, **HOME, "Loại việc hộ tịch": "Khai tử", "Ngày sinh": "30/01/1941"}
    (event,) = events_of(CIVIL_STATUS, row)
    assert event["type"] == "DeathRegistered"
    assert event["data"] == {
        "died_on": "2025-08-04",
        "name": NAME,
        "sex": "MALE",
        "born_on": "1941-01-30",
        "death_place": HANOI,
        "last_residence": VUNG_TAU,
    }


def test_a_marriage_is_news_of_both_spouses() -> None:
    his, hers = events_of(CIVIL_STATUS, {**MARRIAGE, **PLACE})
    assert (his["subject"], hers["subject"]) == (MAN, WOMAN)
    assert his["data"] == {
        "married_on": "2025-08-04",
        "spouse_number": WOMAN,
        "spouse_name": {"family": "Trần", "middle": "Thị", "given": "Bích"},
        "place": HANOI,
    }
    assert hers["data"] == his["data"] | {
        "spouse_number": MAN,
        "spouse_name": {"family": "Nguyễn", "given": "An"},
    }
    assert his["id"] != hers["id"]
    assert (his["factid"], hers["factid"]) == (
        "civil-status/79/1/2025/1",
        "civil-status/79/1/2025/2",
    )


def test_annulling_a_marriage_annuls_both_events() -> None:
    bare = {**ACT, "Loại việc hộ tịch": "Kết hôn", "Số định danh vợ/chồng": WOMAN}
    annulled = events_of(CIVIL_STATUS, {**bare, "Biến động": "Hủy", "Lần": "2"})
    assert [event["previousid"] for event in annulled] == [event["id"] for event in events_of(CIVIL_STATUS, MARRIAGE)]
    assert all("data" not in event for event in annulled)


@pytest.mark.parametrize(
    ("word", "reason"), [("Ly hôn", "DIVORCE"), ("Hủy kết hôn", "ANNULMENT"), ("Huỷ kết hôn", "ANNULMENT")]
)
def test_a_marriage_ended_by_a_court_is_news_of_both(word: str, reason: str) -> None:
    his, hers = events_of(CIVIL_STATUS, {**END, "Lý do chấm dứt": word})
    assert his["type"] == hers["type"] == "MarriageEnded"
    assert his["data"] == {
        "ended_on": "2025-08-04",
        "reason": reason,
        "spouse_number": WOMAN,
        "decision_number": "51",
    }
    assert (hers["subject"], hers["data"]["spouse_number"]) == (WOMAN, MAN)


def test_a_marriage_ended_by_a_death_is_news_of_the_survivor_only() -> None:
    (event,) = events_of(CIVIL_STATUS, {**END, "Lý do chấm dứt": "Chết"})
    assert (event["subject"], event["data"]["reason"]) == (MAN, "DEATH")
    (corrected,) = events_of(CIVIL_STATUS, {**END, "Lý do chấm dứt": "Chết", "Biến động": "Sửa đổi", "Lần": "2"})
    assert corrected["previousid"] == event["id"]


def test_a_correction_of_details_carries_only_what_is_corrected() -> None:
    row = {**ACT, "Loại việc hộ tịch": "Cải chính", "Ngày sinh": "26/07/1992", "Số giấy tờ": "12/QĐ"}
    (event,) = events_of(CIVIL_STATUS, row)
    assert (event["type"], event["time"]) == ("PersonDetailsCorrected", "2025-08-04T00:00:00+07:00")
    assert event["data"] == {"born_on": "1992-07-26", "decision_number": "12/QĐ"}
    name = {"Họ": "Y", "Tên": "Rơ Niê"}
    assert data_of(CIVIL_STATUS, {**row, **name})["name"] == {"family": "Y", "given": "Rơ Niê"}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ({**BIRTH, "Họ": "", "Chữ đệm": "", "Tên": ""}, "Họ"),
        ({**BIRTH, "Họ": ""}, "Họ"),
        ({**BIRTH, "Tên": ""}, "Tên"),
        ({**BIRTH, "Giới tính": ""}, "Giới tính"),
        ({**BIRTH, "Giới tính": "M"}, "Giới tính"),
        ({**BIRTH, "Quốc tịch": "Việt Nam"}, "Quốc tịch"),
        ({**BIRTH, "Quốc tịch": "vn"}, "Quốc tịch"),
        ({**BIRTH, "Số định danh mẹ": "không rõ"}, "Số định danh mẹ"),
        ({**BIRTH, "Số định danh cha": "999090000412"}, "Số định danh cha"),
        ({**BIRTH, "Mã xã cư trú": "00004"}, "Mã tỉnh cư trú"),
        ({**MARRIAGE, "Số định danh vợ/chồng": ""}, "Số định danh vợ/chồng"),
        ({**MARRIAGE, "Tên vợ/chồng": ""}, "Tên vợ/chồng"),
        ({**END, "Lý do chấm dứt": ""}, "Lý do chấm dứt"),
        ({**END, "Lý do chấm dứt": "Không hợp"}, "Lý do chấm dứt"),
        ({**END, "Số định danh vợ/chồng": ""}, "Số định danh vợ/chồng"),
    ],
)
def test_what_an_act_must_have_is_missed_by_its_column(row: dict[str, str], column: str) -> None:
    assert error_of(CIVIL_STATUS, row).column == column
