"""What the insurance system makes of a life."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.agencies.insurance import AGENCY, card_number, card_valid_until
from tests.adapters.agencies.register import HANOI, LAN, NAME, SAIGON, Register, effects

BIRTH = {"name": NAME, "sex": "FEMALE", "born_on": "2025-03-02", "residence": HANOI}


def test_a_birth_issues_a_card_whose_number_comes_from_the_personal_number() -> None:
    assert effects(AGENCY, Register().tells("BirthRegistered", **BIRTH))["health_cards"] == [
        {
            "card_number": "TE1010301000001",
            "valid_from": "2025-03-02",
            "valid_until": "2031-09-30",
            "state": "valid",
            "stopped_on": None,
        }
    ]


numbers = st.text("0123456789", min_size=12, max_size=12)


@given(numbers, numbers)
def test_two_personal_numbers_never_share_a_card_number(one: str, other: str) -> None:
    assert len(card_number(one)) == 15
    assert (card_number(one) == card_number(other)) == (one == other)


@pytest.mark.parametrize(
    ("born_on", "until"),
    [
        ("2020-02-29", "2026-09-30"),
        ("2020-09-30", "2026-09-30"),
        ("2020-10-01", "2026-10-01"),
        ("2020-12-31", "2026-12-31"),
    ],
)
def test_a_card_lasts_72_months_or_until_school_has_begun(born_on: str, until: str) -> None:
    assert card_valid_until(born_on) == until


def test_a_death_stops_benefits_and_card_and_opens_a_funeral_case() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-04-01", certificate_number="7/2025")
    rows = effects(AGENCY, register.tells("BirthRegistered", **BIRTH), death)
    assert (rows["insured"][0]["state"], rows["insured"][0]["stopped_on"]) == ("stopped", "2025-04-01")
    assert (rows["health_cards"][0]["state"], rows["health_cards"][0]["stopped_on"]) == ("stopped", "2025-04-01")
    case = rows["funeral_cases"][0]
    assert (case["state"], case["died_on"], case["certificate_number"]) == ("open", "2025-04-01", "7/2025")


def test_an_annulled_death_cancels_the_funeral_case_and_deletes_nothing() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    death = register.tells("DeathRegistered", died_on="2025-04-01")
    rows = effects(AGENCY, birth, death, register.annuls(death, "2025-06-30T18:00:00.000Z"))
    assert rows["insured"][0]["state"] == "active"
    assert rows["health_cards"][0]["state"] == "valid"
    assert (rows["funeral_cases"][0]["state"], rows["funeral_cases"][0]["cancelled_on"]) == ("cancelled", "2025-07-01")


def test_a_card_that_had_run_out_is_not_stopped_by_a_later_death() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    rows = effects(AGENCY, birth, register.tells("DeathRegistered", died_on="2060-01-01"))
    assert rows["health_cards"][0]["state"] == "valid"


def test_the_clinic_follows_from_birth_through_every_move_but_not_a_short_stay() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    moved = register.tells("ResidenceChanged", kind="TEMPORARY", to_address=SAIGON, moved_on="2025-05-01")
    short = register.tells("ResidenceChanged", kind="STAY", to_address=HANOI, moved_on="2025-06-01")
    rows = effects(AGENCY, birth, moved, short)
    assert rows["insured"][0]["clinic_area"] == "VN34/79/26740"
    assert [row["area"] for row in rows["clinic_registrations"]] == ["VN34/01/00004", "VN34/79/26740"]
    assert effects(AGENCY, birth, moved, register.annuls(moved))["insured"][0]["clinic_area"] == "VN34/01/00004"


def test_the_health_card_is_matched_to_the_chip_card_issued_last() -> None:
    register = Register()
    new = register.tells("IdentityCardIssued", document_number="B2", issued_on="2025-02-01", expires_on="2040-01-01")
    old = register.tells("IdentityCardIssued", document_number="A1", issued_on="2020-02-01")
    assert effects(AGENCY, new, old)["insured"][0]["document_number"] == "B2"
    assert effects(AGENCY, new, old, register.annuls(new))["insured"][0]["document_number"] == "A1"
    assert effects(AGENCY, new, register.ceases(new))["insured"][0]["document_number"] is None


def test_a_person_known_only_by_a_death_is_taken_up() -> None:
    rows = effects(AGENCY, Register().tells("DeathRegistered", died_on="2025-04-01"))
    assert rows["insured"][0]["state"] == "stopped"
    assert LAN not in str(rows)
