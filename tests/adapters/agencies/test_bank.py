"""What a bank makes of a customer who has consented, and of one who no longer does."""

from __future__ import annotations

import pytest

from adapters.agencies.bank import AGENCY, PURPOSE
from adapters.agencies.dates import working_days_after
from tests.adapters.agencies.register import HANOI, NAME, Register, effects

CONSENT = {"agency": "bank", "purpose": PURPOSE}


def test_a_consent_opens_a_file_that_the_register_cleans() -> None:
    register = Register()
    rows = effects(
        AGENCY,
        register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **CONSENT),
        register.tells("PersonDetailsCorrected", name=NAME, born_on="2001-01-01"),
        register.tells("ResidenceChanged", to_address=HANOI, moved_on="2025-02-01"),
        register.tells("IdentityCardIssued", document_number="B2", issued_on="2025-02-01"),
        register.tells("DeathRegistered", died_on="2025-03-01"),
    )
    assert rows["customers"] == [
        {
            "state": "open",
            "full_name": "Nguyễn Thị Lan",
            "born_on": "2001-01-01",
            "address": "12 Hàng Bạc, VN34/01/00004",
            "document_number": "B2",
            "document_expires_on": None,
            "deceased": True,
            "died_on": "2025-03-01",
        }
    ]


def test_a_withdrawn_consent_empties_and_blocks_the_file_and_sets_the_dates_due() -> None:
    register = Register()
    rows = effects(
        AGENCY,
        register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **CONSENT),
        register.tells("PersonDetailsCorrected", name=NAME),
        register.tells("ConsentWithdrawn", withdrawn_on="2025-05-08", **CONSENT),
    )
    customer = rows["customers"][0]
    assert customer.pop("state") == "blocked"
    assert set(customer.values()) == {None}
    withdrawal = rows["withdrawals"][0]
    # A Thursday: the second working day is the Monday after.
    assert (withdrawal["answer_due"], withdrawal["stop_due"]) == ("2025-05-12", "2025-05-23")


@pytest.mark.parametrize(
    ("day", "due"), [("2025-05-05", "2025-05-07"), ("2025-05-09", "2025-05-13"), ("2025-05-10", "2025-05-13")]
)
def test_working_days_leave_out_the_weekend(day: str, due: str) -> None:
    assert working_days_after(day, 2) == due


def test_a_grant_that_never_was_blocks_the_file() -> None:
    register = Register()
    granted = register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **CONSENT)
    rows = effects(AGENCY, granted, register.annuls(granted))
    assert rows["customers"][0]["state"] == "blocked"
    assert rows["consents"][0]["state"] == "annulled"


def test_a_new_consent_opens_the_file_again() -> None:
    register = Register()
    withdrawn = register.tells("ConsentWithdrawn", withdrawn_on="2025-05-08", **CONSENT)
    granted = register.tells("ConsentGranted", granted_on="2025-06-01", evidence="x", **CONSENT)
    assert effects(AGENCY, withdrawn)["customers"][0]["state"] == "blocked"
    assert effects(AGENCY, withdrawn, granted)["customers"][0]["state"] == "open"


def test_a_withdrawal_for_another_purpose_blocks_nothing() -> None:
    register = Register()
    granted = register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **CONSENT)
    other = register.tells("ConsentWithdrawn", agency="bank", purpose="marketing", withdrawn_on="2025-05-08")
    assert effects(AGENCY, granted, other)["customers"][0]["state"] == "open"
