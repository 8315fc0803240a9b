"""The residence register's rows: three kinds of residence, and the protection of addresses."""

from __future__ import annotations

import pytest

from tests.adapters.sources.exports import ACT, MOVE, RESIDENCE, data_of, error_of, events_of

PROTECTION = {**ACT, "Loại cư trú": "Bảo vệ địa chỉ", "Mức bảo vệ": "Mật"}


@pytest.mark.parametrize(("word", "kind"), [("Thường trú", "PERMANENT"), ("tạm trú", "TEMPORARY"), ("Lưu trú", "STAY")])
def test_each_kind_of_residence_is_a_move(word: str, kind: str) -> None:
    (event,) = events_of(RESIDENCE, {**MOVE, "Loại cư trú": word})
    assert (event["type"], event["data"]["kind"]) == ("ResidenceChanged", kind)


def test_a_move_may_tell_whence_until_when_and_with_whom() -> None:
    whence = {"Hệ mã đi": "VN63", "Mã tỉnh đi": "22"}
    rest = {"Đến ngày": "30/06/2027", "Mã hộ": "HK-1", "Quan hệ với chủ hộ": "Vợ"}
    data = data_of(RESIDENCE, {**MOVE, **whence, **rest})
    assert data["from_address"] == {"code_system": "VN63", "province_code": "22"}
    assert (data["until"], data["household_id"], data["relation_to_head"]) == ("2027-06-30", "HK-1", "Vợ")


def test_an_address_keeps_the_code_of_a_ward_that_no_list_has_any_more() -> None:
    old = {"Hệ mã đến": "VN63", "Mã xã đến": "99998"}
    assert data_of(RESIDENCE, {**MOVE, **old})["to_address"]["ward_code"] == "99998"


def test_a_code_is_checked_against_its_own_list() -> None:
    assert error_of(RESIDENCE, {**MOVE, "Mã tỉnh đến": "77"}).column == "Mã tỉnh đến"
    assert data_of(RESIDENCE, {**MOVE, "Mã tỉnh đến": "77", "Hệ mã đến": "VN63"})


@pytest.mark.parametrize(("word", "level"), [("Không", "NONE"), ("Mật", "CONFIDENTIAL"), ("Tuyệt mật", "STRICT")])
def test_a_protection_carries_its_level_and_its_first_day(word: str, level: str) -> None:
    (event,) = events_of(RESIDENCE, {**PROTECTION, "Mức bảo vệ": word})
    assert event["type"] == "AddressProtectionChanged"
    assert event["data"] == {"level": level, "valid_from": "2025-08-04"}


def test_a_protection_without_a_level_is_refused() -> None:
    assert error_of(RESIDENCE, {**PROTECTION, "Mức bảo vệ": ""}).column == "Mức bảo vệ"
