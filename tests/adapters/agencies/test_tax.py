"""What the tax system makes of a life."""

from __future__ import annotations

import pytest

from adapters.agencies.tax import AGENCY
from tests.adapters.agencies.register import DALAT, HANOI, HOA, MINH, NAME, SAIGON, Register, effects

BIRTH = {"name": NAME, "sex": "FEMALE", "born_on": "2015-08-31", "mother_number": HOA, "father_number": MINH}


def test_a_death_closes_the_taxpayer_on_the_day_of_death_and_its_annulment_reopens() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    closed = effects(AGENCY, death)["taxpayers"][0]
    assert (closed["state"], closed["closed_on"]) == ("closed", "2025-03-01")
    reopened = effects(AGENCY, death, register.annuls(death))["taxpayers"][0]
    assert (reopened["state"], reopened["closed_on"]) == ("open", None)


def test_an_annulled_birth_leaves_no_taxpayer_and_no_dependant() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    assert effects(AGENCY, birth, register.annuls(birth)) == {}


def test_a_birth_gives_each_parent_a_dependant_up_to_the_month_of_18() -> None:
    rows = effects(AGENCY, Register().tells("BirthRegistered", **BIRTH))["dependants"]
    assert [(row["taxpayer"], row["role"]) for row in rows] == [(HOA, "mother"), (MINH, "father")]
    assert {(row["deduct_from"], row["deduct_until"], row["ends_by"]) for row in rows} == {
        ("2015-08", "2033-08", "age")
    }
    assert rows[0]["full_name"] == "Nguyễn Thị Lan"


@pytest.mark.parametrize(
    ("died_on", "until", "ends_by"), [("2020-02-29", "2020-02", "death"), ("2040-01-01", "2033-08", "age")]
)
def test_a_deduction_ends_with_the_death_of_the_child_if_that_is_earlier(
    died_on: str, until: str, ends_by: str
) -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    rows = effects(AGENCY, birth, register.tells("DeathRegistered", died_on=died_on))["dependants"]
    assert {(row["deduct_until"], row["ends_by"]) for row in rows} == {(until, ends_by)}


def test_a_parent_is_named_by_the_number_that_is_valid_now() -> None:
    birth = Register().tells("BirthRegistered", **BIRTH)
    rows = effects(AGENCY, birth, replaced={HOA: "079304999999"})["dependants"]
    assert rows[0]["taxpayer"] == "079304999999"


def test_permanent_residence_decides_the_office_and_history_is_kept() -> None:
    register = Register()
    rows = effects(
        AGENCY,
        register.tells("ResidenceChanged", kind="PERMANENT", to_address=HANOI, moved_on="2024-01-01"),
        register.tells("ResidenceChanged", kind="PERMANENT", to_address=SAIGON, moved_on="2025-01-01"),
        register.tells("ResidenceChanged", kind="TEMPORARY", to_address=DALAT, moved_on="2025-02-01"),
    )
    assert rows["taxpayers"][0]["managing_office"] == "VN34/79/26740"
    assert rows["managing_offices"] == [
        {"office": "VN34/01/00004", "from_on": "2024-01-01", "until": "2025-01-01"},
        {"office": "VN34/79/26740", "from_on": "2025-01-01", "until": None},
    ]


def test_a_move_told_late_takes_its_place_in_the_past() -> None:
    register = Register()
    now = register.tells("ResidenceChanged", kind="PERMANENT", to_address=SAIGON, moved_on="2025-01-01")
    past = register.tells("ResidenceChanged", kind="PERMANENT", to_address=HANOI, moved_on="2024-01-01")
    rows = effects(AGENCY, now, past)
    assert rows["taxpayers"][0]["managing_office"] == "VN34/79/26740"
    assert rows["managing_offices"][0]["until"] == "2025-01-01"


def test_a_residence_without_ward_is_managed_by_the_province() -> None:
    place = {"code_system": "VN63", "province_code": "79", "ward_code": None}
    rows = effects(AGENCY, Register().tells("ResidenceChanged", to_address=place, moved_on="2024-01-01"))
    assert rows["taxpayers"][0]["managing_office"] == "VN63/79"


def test_a_marriage_notes_the_spouse_until_it_ends() -> None:
    register = Register()
    marriage = register.tells("MarriageRegistered", married_on="2020-05-01", spouse_number=MINH)
    divorce = register.tells("MarriageEnded", ended_on="2024-05-01", reason="DIVORCE", spouse_number=MINH)
    assert effects(AGENCY, marriage)["taxpayers"][0]["spouse"] == MINH
    assert effects(AGENCY, marriage, divorce)["taxpayers"][0]["spouse"] is None
    assert effects(AGENCY, marriage, divorce, register.annuls(divorce))["taxpayers"][0]["spouse"] == MINH


def test_the_end_of_an_earlier_marriage_does_not_end_the_present_one() -> None:
    register = Register()
    rows = effects(
        AGENCY,
        register.tells("MarriageRegistered", married_on="2010-05-01", spouse_number=MINH),
        register.tells("MarriageRegistered", married_on="2020-05-01", spouse_number=HOA),
        register.tells("MarriageEnded", ended_on="2015-05-01", reason="DEATH", spouse_number=None),
    )
    assert rows["taxpayers"][0]["spouse"] == HOA


def test_corrected_details_win_over_the_birth_field_by_field() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    fixed = register.tells("PersonDetailsCorrected", born_on="2015-09-01")
    row = effects(AGENCY, birth, fixed)["taxpayers"][0]
    assert (row["full_name"], row["born_on"]) == ("Nguyễn Thị Lan", "2015-09-01")
    row = effects(AGENCY, birth, fixed, register.annuls(fixed))["taxpayers"][0]
    assert row["born_on"] == "2015-08-31"


def test_a_person_without_facts_has_no_rows() -> None:
    assert effects(AGENCY) == {}
