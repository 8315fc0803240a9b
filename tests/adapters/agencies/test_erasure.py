"""What must not be kept."""

from __future__ import annotations

from adapters.agencies import AGENCIES
from adapters.agencies.agency import Agency
from adapters.agencies.erasure import protection, redacted, without_addresses
from tests.adapters.agencies.register import DALAT, HANOI, LATE, NAME, SAIGON, Register, applied, facts

ANY = Agency(name="any")


def test_addresses_are_found_at_any_depth_and_nothing_else_is_taken() -> None:
    payload = {"name": NAME, "to": HANOI, "more": {"places": [HANOI, "x", {"deep": SAIGON, "n": 1}]}}
    assert without_addresses(payload) == {"name": NAME, "more": {"places": ["x", {"n": 1}]}}


def test_the_level_in_force_is_the_one_valid_from_the_latest_day() -> None:
    register = Register()
    strict = register.tells("AddressProtectionChanged", level="STRICT", valid_from="2025-02-01")
    older = register.tells("AddressProtectionChanged", level="NONE", valid_from="2025-01-01")
    assert protection(facts(strict, older)) == "STRICT"
    assert protection(facts(strict, older, register.ceases(strict, LATE))) == "NONE"
    assert protection(facts()) == "NONE"


def test_strict_protection_erases_what_came_before_and_while_it_lasts() -> None:
    register = Register()
    before = register.tells("ResidenceChanged", to_address=HANOI, moved_on="2025-01-01")
    strict = register.tells("AddressProtectionChanged", level="STRICT", valid_from="2025-02-01")
    during = register.tells("ResidenceChanged", to_address=SAIGON, moved_on="2025-03-01")
    lifted = register.corrects(strict, level="NONE", valid_from="2025-02-01")
    after = register.tells("ResidenceChanged", to_address=DALAT, moved_on="2025-04-01")
    kept = redacted(ANY, applied([before, strict, during, lifted, after]))
    assert [event.data.get("to_address") for event in kept] == [None, None, None, None, DALAT]
    assert kept[0].data == {"moved_on": "2025-01-01"}


def test_confidential_protection_erases_nothing() -> None:
    register = Register()
    move = register.tells("ResidenceChanged", to_address=HANOI, moved_on="2025-01-01")
    level = register.tells("AddressProtectionChanged", level="CONFIDENTIAL", valid_from="2025-02-01")
    events = applied([move, level])
    assert redacted(ANY, events) == events


def test_a_withdrawn_consent_empties_all_payloads_but_the_proof_of_it() -> None:
    register = Register()
    consent = {"agency": "bank", "purpose": "customer-due-diligence"}
    granted = register.tells("ConsentGranted", granted_on="2025-01-01", evidence="x", **consent)
    named = register.tells("PersonDetailsCorrected", name=NAME)
    withdrawn = register.tells("ConsentWithdrawn", withdrawn_on="2025-02-01", **consent)
    straggler = register.tells("IdentityCardIssued", document_number="1", issued_on="2025-02-02")
    kept = redacted(AGENCIES["bank"], applied([granted, named, withdrawn, straggler]))
    assert [bool(event.data) for event in kept] == [True, False, True, False]


def test_a_new_consent_does_not_bring_back_what_was_erased() -> None:
    register = Register()
    consent = {"agency": "bank", "purpose": "customer-due-diligence"}
    named = register.tells("PersonDetailsCorrected", name=NAME)
    withdrawn = register.tells("ConsentWithdrawn", withdrawn_on="2025-02-01", **consent)
    granted = register.tells("ConsentGranted", granted_on="2025-03-01", evidence="x", **consent)
    moved = register.tells("ResidenceChanged", to_address=HANOI, moved_on="2025-03-02")
    kept = redacted(AGENCIES["bank"], applied([named, withdrawn, granted, moved]))
    assert [bool(event.data) for event in kept] == [False, True, True, True]
