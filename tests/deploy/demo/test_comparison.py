"""The comparison finds every way in which agencies can differ from the model, and nothing else."""

from __future__ import annotations

from deploy.demo.comparison import Applied, compare, shows_address
from deploy.demo.expectation import Expected
from tests.deploy.demo.told import BINH, DEATH, HOME, LAN, MOVE, NAM, TAX, event, next_of, run

MOVED = event("m1", "ResidenceChanged", MOVE)
DIED = event("d1", "DeathRegistered", DEATH)


def _two() -> Expected:
    return run(MOVED, DIED, terms=(TAX,))


def _applied(*event_ids: str, subject: str = LAN) -> dict[str, list[Applied]]:
    return {"tax": [Applied(event_id, subject, {}) for event_id in event_ids]}


def test_what_is_as_expected_differs_in_nothing() -> None:
    assert compare(_two(), _applied("m1", "d1")) == []


def test_a_missing_event_is_found() -> None:
    assert compare(_two(), _applied("m1")) == ["tax: d1 is missing"]
    assert len(compare(_two(), {})) == 2


def test_an_event_too_many_is_found() -> None:
    assert compare(_two(), _applied("m1", "d1", "x")) == ["tax: x is not for this agency"]
    assert compare(_two(), _applied("m1", "d1") | {"spy": []}) == ["spy: not known to the model, has 0 events"]


def test_an_event_applied_twice_is_found() -> None:
    assert compare(_two(), _applied("m1", "d1", "m1")) == ["tax: m1 was applied 2 times"]


def test_a_wrong_order_of_one_person_is_found() -> None:
    assert compare(_two(), _applied("d1", "m1")) == ["tax: d1 was applied before m1 of the same person"]


def test_the_order_of_different_persons_is_free() -> None:
    result = run(MOVED, event("m2", "ResidenceChanged", MOVE, subject=NAM), terms=(TAX,))
    actual = {"tax": [Applied("m2", NAM, {}), Applied("m1", LAN, {})]}
    assert compare(result, actual) == []


def test_the_order_of_one_person_holds_over_a_change_of_number() -> None:
    change = {"old_number": LAN, "new_number": BINH, "changed_on": "2026-10-01"}
    result = run(MOVED, event("n1", "PersonalNumberChanged", change), DIED, terms=(TAX,))
    right = [Applied("m1", LAN, {}), Applied("n1", LAN, {}), Applied("d1", BINH, {})]
    assert compare(result, {"tax": right}) == []
    assert compare(result, {"tax": [right[2], right[0], right[1]]}) != []


def test_a_number_that_is_no_longer_valid_is_found() -> None:
    change = {"old_number": LAN, "new_number": BINH, "changed_on": "2026-10-01"}
    result = run(event("n1", "PersonalNumberChanged", change), DIED, terms=(TAX,))
    actual = {"tax": [Applied("n1", BINH, {}), Applied("d1", LAN, {})]}
    assert compare(result, actual) == ["tax: d1 names the person by a number that was not valid"]


def test_an_address_of_a_protected_person_is_found() -> None:
    strict = event("p1", "AddressProtectionChanged", {"level": "STRICT", "valid_from": "2026-10-01"})
    result = run(strict, MOVED, terms=(TAX,))
    hidden = {"tax": [Applied("p1", LAN, {}), Applied("m1", LAN, {"kind": "PERMANENT", "to_address": None})]}
    shown = {"tax": [Applied("p1", LAN, {}), Applied("m1", LAN, {"to_address": {"province_code": "79"}})]}
    assert compare(result, hidden) == []
    assert compare(result, shown) == ["tax: m1 shows an address of a protected person"]


def test_an_annulment_with_a_payload_is_found() -> None:
    result = run(DIED, next_of(DIED, "d2", "ANNULLED"), terms=(TAX,))
    actual = {"tax": [Applied("d1", LAN, {}), Applied("d2", LAN, {"died_on": "2026-10-02"})]}
    assert compare(result, actual) == ["tax: d2 is an annulment and carries a payload"]


def test_differences_name_no_person() -> None:
    differences = compare(_two(), {"tax": [Applied("x", LAN, {}), Applied("d1", NAM, {})]})
    assert len(differences) == 3
    assert not any(LAN in text or NAM in text for text in differences)


def test_an_address_is_found_however_deep_it_lies() -> None:
    assert shows_address({"data": [{"place": HOME}]})
    assert not shows_address({"to_address": {"province_code": None}, "name": {"family": "Lê"}})
