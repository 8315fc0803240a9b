"""The administrative units: complete, dated, and linked from old to new."""

from __future__ import annotations

from datetime import date

import pytest

from schemas.reference import units
from schemas.reference.units import VN34, VN63

OLD_CODES = (
    "01 02 04 06 08 10 11 12 14 15 17 19 20 22 24 25 26 27 30 31 33 34 35 36 37 38 40 42 44 45 46 48 "
    "49 51 52 54 56 58 60 62 64 66 67 68 70 72 74 75 77 79 80 82 83 84 86 87 89 91 92 93 94 95 96 "
)
NEW_CODES = "01 04 08 11 12 14 15 19 20 22 24 25 31 33 37 38 40 42 44 46 48 51 52 56 66 68 75 79 80 82 86 91 92 96 "


def all_wards(system: str) -> list[units.Ward]:
    return [ward for province in units.provinces(system) for ward in units.wards_of(province.code, system)]


@pytest.mark.parametrize(("system", "codes"), [(VN63, OLD_CODES), (VN34, NEW_CODES)])
def test_each_list_has_exactly_its_provinces(system: str, codes: str) -> None:
    assert [province.code for province in units.provinces(system)] == codes.split()


@pytest.mark.parametrize(
    ("system", "kinds"),
    [
        # Counts of the resolutions of 2025: 10,035 communes before, 3,321 after.
        (VN34, {"Xã": 2621, "Phường": 687, "Đặc khu": 13}),
        (VN63, {"Xã": 7692, "Phường": 1726, "Thị trấn": 617}),
    ],
)
def test_each_list_has_exactly_its_wards(system: str, kinds: dict[str, int]) -> None:
    wards = all_wards(system)
    assert {kind: sum(ward.kind == kind for ward in wards) for kind in kinds} == kinds
    assert len(wards) == sum(kinds.values()) == len({ward.code for ward in wards})
    assert all(len(ward.code) == 5 and ward.name for ward in wards)


def test_every_old_ward_has_successors_in_the_province_that_took_its_own_over() -> None:
    for old in all_wards(VN63):
        found = units.successors(old.code)
        assert found, old
        assert len(set(found)) == len(found)
        assert {ward.province_code for ward in found} == {units.current_province(units.VN63, old.province_code)}


def test_every_ward_of_today_but_for_the_islands_continues_an_old_one() -> None:
    reached = {new.code for old in all_wards(VN63) for new in units.successors(old.code)}
    without = {ward.name for ward in all_wards(VN34) if ward.code not in reached}
    assert without == {"Bạch Long Vĩ", "Cồn Cỏ", "Hoàng Sa", "Lý Sơn", "Côn Đảo"}


def test_a_split_ward_gives_its_candidates_the_likeliest_first() -> None:
    assert [ward.name for ward in units.successors("00007")] == ["Ngọc Hà", "Giảng Võ"]
    assert units.successors("99999") == ()


def test_the_same_code_names_different_wards_in_the_two_lists() -> None:
    old, new = units.ward("00004", VN63), units.ward("00004", VN34)
    assert old is not None
    assert new is not None
    assert (old.kind, old.name, old.district) == ("Phường", "Trúc Bạch", "Quận Ba Đình")
    assert (new.kind, new.name, new.district) == ("Phường", "Ba Đình", "")


def test_a_unit_is_found_on_the_days_on_which_it_was_in_force() -> None:
    last, first = date(2025, 6, 30), date(2025, 7, 1)
    assert units.province("02", VN63, last) is not None
    assert units.province("02", VN63, first) is None
    assert units.province("08", VN34, last) is None
    assert units.province("08", VN34, first) is not None
    assert units.ward("00001", VN63, last) is not None
    assert units.ward("00001", VN63, first) is None
    assert units.ward("00008", VN34, last) is None


def test_hue_was_a_province_before_it_was_a_city() -> None:
    before, after = units.province("46", VN63, date(2024, 12, 31)), units.province("46", VN63)
    assert before is not None
    assert after is not None
    assert (before.kind, before.name) == ("Tỉnh", "Thừa Thiên Huế")
    assert (after.kind, after.name, after.valid_from) == ("Thành phố", "Huế", date(2025, 1, 1))


@pytest.mark.parametrize("system", ["VN99", "", "../secret"])
def test_an_unknown_code_or_system_is_nothing(system: str) -> None:
    assert units.province("03", VN63) is None
    assert units.province("02", VN34) is None
    assert units.province("01", system) is None
    assert units.ward("00004", system) is None
    assert units.ward("99999", VN34) is None
    assert units.wards_of("03", VN63) == ()


def test_an_address_belongs_to_the_territory_of_today() -> None:
    assert units.current_province(VN63, "77") == "79"  # Bà Rịa - Vũng Tàu went to Ho Chi Minh City
    assert units.current_province(VN63, "79") == units.current_province(VN34, "79") == "79"
    assert units.current_province(units.VN63, "64") == "52"  # Gia Lai's name lives on under Bình Định's code
    with pytest.raises(KeyError):
        units.current_province(VN34, "77")
    with pytest.raises(KeyError):
        units.current_province(units.VN63, "03")


def test_every_province_of_today_took_over_at_least_the_one_with_its_own_code() -> None:
    assert {units.current_province(units.VN63, code) for code in OLD_CODES.split()} == set(NEW_CODES.split())
    assert all(units.current_province(units.VN63, code) == code for code in NEW_CODES.split())
