"""What the social-welfare system makes of a life."""

from __future__ import annotations

from adapters.agencies.welfare import AGENCY, first_unpaid_month
from tests.adapters.agencies.register import HANOI, HOA, MINH, NAME, SAIGON, Register, effects

BIRTH = {"name": NAME, "born_on": "2025-01-31", "residence": HANOI, "mother_number": HOA, "father_number": MINH}


def test_payments_stop_from_the_month_after_the_death() -> None:
    assert first_unpaid_month("2025-12-01") == "2026-01"
    row = effects(AGENCY, Register().tells("DeathRegistered", died_on="2025-03-31"))["beneficiaries"][0]
    assert (row["state"], row["stopped_from"]) == ("stopped", "2025-04")


def test_a_corrected_day_of_death_moves_the_month_and_nothing_is_missed() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-03-31")
    rows = effects(AGENCY, death, register.corrects(death, died_on="2025-04-01"))
    assert [(stop["state"], stop["stopped_from"]) for stop in rows["payment_stops"]] == [("stopped", "2025-05")]
    assert "missed_months" not in rows


def test_an_annulled_death_resumes_the_pension_and_lists_the_missed_months() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-11-30")
    rows = effects(AGENCY, death, register.annuls(death, "2026-01-31T18:00:00.000Z"))
    assert (rows["beneficiaries"][0]["state"], rows["beneficiaries"][0]["stopped_from"]) == ("paid", None)
    stop = rows["payment_stops"][0]
    # 18:00 in UTC is the next day in Vietnam, and here the next month.
    assert (stop["state"], stop["resumed_on"]) == ("resumed", "2026-02-01")
    assert [missed["month"] for missed in rows["missed_months"]] == ["2025-12", "2026-01", "2026-02"]


def test_a_death_annulled_before_the_first_unpaid_month_misses_nothing() -> None:
    register = Register()
    death = register.tells("DeathRegistered", died_on="2025-11-02")
    assert "missed_months" not in effects(AGENCY, death, register.annuls(death, "2025-11-20T03:00:00.000Z"))


def test_a_birth_opens_child_support_that_a_death_ends() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    support = effects(AGENCY, birth)["child_support"][0]
    assert (support["state"], support["mother"], support["father"]) == ("open", HOA, MINH)
    died = effects(AGENCY, birth, register.tells("DeathRegistered", died_on="2025-02-02"))["child_support"][0]
    assert (died["state"], died["ended_from"]) == ("ended", "2025-03")
    assert effects(AGENCY, birth, register.annuls(birth)) == {}


def test_the_paying_commune_moves_with_the_permanent_residence() -> None:
    register = Register()
    birth = register.tells("BirthRegistered", **BIRTH)
    moved = register.tells("ResidenceChanged", kind="PERMANENT", to_address=SAIGON, moved_on="2025-05-01")
    rows = effects(AGENCY, birth, moved)
    assert rows["beneficiaries"][0]["paying_commune"] == "VN34/79/26740"
    assert [row["until"] for row in rows["paying_communes"]] == ["2025-05-01", None]
    ended = effects(AGENCY, birth, moved, register.ceases(moved, "2025-06-30T18:00:00.000Z"))
    assert ended["paying_communes"][1]["until"] == "2025-07-01"


def test_the_highest_account_level_that_is_active_counts() -> None:
    register = Register()
    one = register.tells("IdentityAccountActivated", level=1, activated_on="2025-01-01")
    two = register.tells("IdentityAccountActivated", level=2, activated_on="2025-02-01")
    assert effects(AGENCY, one, two)["beneficiaries"][0]["account_level"] == 2
    assert effects(AGENCY, one, two, register.ceases(two))["beneficiaries"][0]["account_level"] == 1
