"""What the land system makes of a life."""

from __future__ import annotations

from typing import Any

from adapters.agencies.land import AGENCY
from tests.adapters.agencies.register import HOA, LAN, MINH, NAME, Register, effects

TITLE: dict[str, Any] = {
    "title_no": "CH 0001",
    "owner_number": LAN,
    "owner_name": "Nguyen Lan",
    "owner_born_on": None,
    "flagged": False,
    "owner_died_on": None,
    "death_certificate": None,
    "owner_number_entered": None,
    "owner_name_entered": None,
}


def test_a_death_flags_every_title_for_inheritance() -> None:
    titles = [TITLE, {**TITLE, "title_no": "CH 0002"}]
    rows = effects(AGENCY, Register().tells("DeathRegistered", died_on="2025-03-01"), titles=titles)
    assert [(r["title_no"], r["flagged"], r["owner_died_on"]) for r in rows["titles"]] == [
        ("CH 0001", True, "2025-03-01"),
        ("CH 0002", True, "2025-03-01"),
    ]
    assert "notes" not in rows


def test_an_annulled_death_lifts_the_flag() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    flagged = {**TITLE, "flagged": True, "owner_died_on": "2025-03-01"}
    rows = effects(AGENCY, death, register.annuls(death), titles=[flagged])
    assert (rows["titles"][0]["flagged"], rows["titles"][0]["owner_died_on"]) == (False, None)


def test_a_death_without_titles_is_noted_and_the_note_goes_with_the_annulment() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-01")
    assert [(n["type"], n["fact_id"]) for n in effects(AGENCY, death)["notes"]] == [("DeathRegistered", death.fact_id)]
    assert effects(AGENCY, death, register.annuls(death)) == {}


def test_a_corrected_name_replaces_the_owners_and_its_annulment_restores_what_was_entered() -> None:
    register = Register()
    fixed = register.tells("PersonDetailsCorrected", name=NAME)
    row = effects(AGENCY, fixed, titles=[TITLE])["titles"][0]
    assert (row["owner_name"], row["owner_name_entered"]) == ("Nguyễn Thị Lan", "Nguyen Lan")
    row = effects(AGENCY, fixed, register.annuls(fixed), titles=[{**TITLE, **row}])["titles"][0]
    assert (row["owner_name"], row["owner_name_entered"]) == ("Nguyen Lan", None)


def test_a_title_that_is_right_already_is_left_alone() -> None:
    marriage = Register().tells("MarriageRegistered", married_on="2020-05-01", spouse_number=MINH)
    assert "titles" not in effects(AGENCY, marriage, titles=[TITLE])


def test_a_marriage_notes_whose_consent_a_sale_needs() -> None:
    register = Register()
    marriage = register.tells("MarriageRegistered", married_on="2020-05-01", spouse_number=MINH)
    divorce = register.tells("MarriageEnded", ended_on="2024-05-01", reason="DIVORCE", spouse_number=MINH)
    rows = effects(AGENCY, marriage, divorce, replaced={MINH: HOA}, titles=[TITLE])
    assert rows["spouse_consents"] == [
        {"spouse": HOA, "married_on": "2020-05-01", "ended_on": "2024-05-01", "reason": "DIVORCE"}
    ]
