"""The rules of the reference model, each with a small example made by hand."""

from __future__ import annotations

import orjson

from deploy.demo.expectation import Terms
from tests.deploy.demo.told import (
    BANK,
    BINH,
    DEATH,
    GRANT,
    HANOI,
    LAN,
    MOVE,
    NAM,
    SAIGON,
    TAX,
    TYPES,
    WITHDRAWAL,
    event,
    ids,
    next_of,
    run,
)

MOVED = event("m1", "ResidenceChanged", MOVE)
DIED = event("d1", "DeathRegistered", DEATH)


def protection(event_id: str, level: str, **other: str) -> dict[str, object]:
    return event(event_id, "AddressProtectionChanged", {"level": level, "valid_from": "2026-10-01"}, **other)


def test_what_is_no_event_is_refused_and_its_id_stays_free() -> None:
    result = run(MOVED | {"factversion": "one"}, orjson.dumps(MOVED)[:-9], b"\xff", MOVED)
    assert result.verdicts == ["refused:invalid"] * 3 + ["published"]


def test_the_same_event_id_comes_once() -> None:
    result = run(MOVED, MOVED)
    assert result.verdicts == ["published", "duplicate:event_id"]
    assert ids(result) == ["m1"]


def test_the_same_fact_version_under_another_id_comes_once() -> None:
    result = run(MOVED, MOVED | {"id": "m2"})
    assert result.verdicts == ["published", "duplicate:fact"]


def test_the_same_fact_id_of_another_person_is_another_fact() -> None:
    assert run(MOVED, MOVED | {"id": "m2", "subject": NAM}).verdicts == ["published", "published"]


def test_two_reports_of_one_death_are_one() -> None:
    result = run(DIED, event("d2", "DeathRegistered", {"died_on": "2026-10-03"}))
    assert result.verdicts == ["published", "duplicate:vital"]
    assert ids(result) == ["d1"]


def test_a_second_marriage_on_another_day_is_no_repeat() -> None:
    first = event("w1", "MarriageRegistered", {"married_on": "2020-01-01", "spouse_number": NAM})
    again = event("w2", "MarriageRegistered", {"married_on": "2020-01-01", "spouse_number": NAM})
    later = event("w3", "MarriageRegistered", {"married_on": "2026-01-01", "spouse_number": BINH})
    assert run(first, again, later).verdicts == ["published", "duplicate:vital", "published"]


def test_a_second_report_stands_when_the_first_is_annulled() -> None:
    result = run(DIED, event("d2", "DeathRegistered", DEATH), next_of(DIED, "d3", "ANNULLED"), MOVED)
    assert result.verdicts == ["published", "duplicate:vital", "published", "published"]
    assert ids(result) == ["d1", "d3", "d2", "m1"]


def test_a_death_after_an_annulled_death_is_no_repeat() -> None:
    result = run(DIED, next_of(DIED, "d2", "ANNULLED"), event("d3", "DeathRegistered", DEATH))
    assert ids(result) == ["d1", "d2", "d3"]


def test_an_older_version_than_the_published_one_is_late() -> None:
    third = next_of(MOVED, "m3", "CORRECTED", factversion=3)
    result = run(MOVED, third, next_of(MOVED, "m2", "CORRECTED"))
    assert result.verdicts == ["published", "published", "refused:late"]


def test_an_annulment_and_the_same_act_anew_are_one_correction() -> None:
    annulled = next_of(MOVED, "m2", "ANNULLED")
    result = run(MOVED, annulled, next_of(annulled | {"data": MOVE}, "m3", "CREATED"))
    assert result.verdicts == ["published", "joined", "published"]
    assert [(due.event_id, due.change) for due in result.due["tax"]] == [("m1", "CREATED"), ("m3", "CORRECTED")]


def test_an_annulment_is_not_joined_when_something_of_the_person_is_between() -> None:
    annulled = next_of(MOVED, "m2", "ANNULLED")
    result = run(MOVED, annulled, DIED, next_of(annulled | {"data": MOVE}, "m3", "CREATED"))
    assert [(due.event_id, due.change) for due in result.due["tax"]] == [
        ("m1", "CREATED"),
        ("m2", "ANNULLED"),
        ("d1", "CREATED"),
        ("m3", "CREATED"),
    ]


def test_an_event_of_somebody_else_does_not_part_what_belongs_together() -> None:
    annulled = next_of(MOVED, "m2", "ANNULLED")
    other = event("x", "ResidenceChanged", MOVE, subject=NAM)
    assert run(MOVED, annulled, other, next_of(annulled | {"data": MOVE}, "m3", "CREATED")).verdicts[1] == "joined"


def test_a_correction_before_its_original_waits_and_holds_back_what_follows() -> None:
    other = event("x", "ResidenceChanged", MOVE, subject=NAM)
    result = run(next_of(MOVED, "m2", "CORRECTED"), DIED, other, MOVED)
    assert ids(result) == ["x", "m1", "m2", "d1"]
    assert not any(due.unmatched for due in result.due["tax"])


def test_a_correction_whose_original_never_comes_goes_out_marked() -> None:
    result = run(next_of(MOVED, "m2", "CORRECTED"), DIED)
    assert [(due.event_id, due.unmatched) for due in result.due["tax"]] == [("m2", True), ("d1", False)]


def test_events_go_to_agencies_that_list_their_type() -> None:
    births = Terms("births", frozenset({"BirthRegistered"}))
    result = run(MOVED, terms=(TAX, births))
    assert (ids(result), ids(result, "births")) == (["m1"], [])


def test_provinces_get_who_lives_there_or_moves_there_or_away() -> None:
    to_hanoi = {"kind": "PERMANENT", "to_address": HANOI, "moved_on": "2026-10-02"}
    away, gone = event("m2", "ResidenceChanged", to_hanoi), event("m3", "ResidenceChanged", to_hanoi)
    assert ids(run(MOVED, away, gone, terms=(SAIGON,)), "saigon") == ["m1", "m2"]


def test_a_list_of_persons_follows_a_changed_number() -> None:
    listed = Terms("school", TYPES, persons=frozenset({LAN}))
    change = {"old_number": LAN, "new_number": BINH, "changed_on": "2026-10-01"}
    result = run(
        MOVED | {"subject": NAM},
        event("n1", "PersonalNumberChanged", change),
        event("m2", "ResidenceChanged", MOVE, subject=BINH),
        terms=(listed,),
    )
    assert ids(result, "school") == ["n1", "m2"]


def test_no_consent_no_data() -> None:
    result = run(MOVED)
    assert ids(result, "bank") == []
    assert result.withheld["bank"] == [("m1", "no_consent")]


def test_a_consent_holds_from_its_own_event_to_its_withdrawal() -> None:
    later = event("m2", "ResidenceChanged", MOVE)
    granted, withdrawn = event("c1", "ConsentGranted", GRANT), event("c2", "ConsentWithdrawn", WITHDRAWAL)
    result = run(granted, MOVED, withdrawn, later)
    assert ids(result, "bank") == ["c1", "m1", "c2"]
    assert result.withheld["bank"] == [("m2", "consent_withdrawn")]


def test_a_consent_for_another_purpose_or_past_its_term_gives_nothing() -> None:
    other = run(event("c1", "ConsentGranted", GRANT | {"purpose": "marketing"}), MOVED)
    past = run(event("c1", "ConsentGranted", GRANT | {"valid_until": "2026-11-21"}), MOVED)
    last_day = run(event("c1", "ConsentGranted", GRANT | {"valid_until": "2026-11-22"}), MOVED)
    assert other.withheld["bank"] == [("m1", "no_consent")]
    assert past.withheld["bank"] == [("m1", "consent_expired")]
    assert ids(last_day, "bank") == ["c1", "m1"]


def test_a_consent_event_goes_only_to_the_agency_that_it_names() -> None:
    result = run(event("c1", "ConsentGranted", GRANT | {"agency": "telecom"}))
    assert (ids(result), ids(result, "bank")) == ([], [])
    assert result.withheld["bank"] == []


def test_an_annulment_follows_the_data_also_after_the_consent() -> None:
    withdrawn = event("c2", "ConsentWithdrawn", WITHDRAWAL)
    result = run(event("c1", "ConsentGranted", GRANT), MOVED, withdrawn, next_of(MOVED, "m2", "ANNULLED"))
    assert ids(result, "bank") == ["c1", "m1", "c2", "m2"]


def test_an_annulment_does_not_go_where_the_data_never_went() -> None:
    result = run(MOVED, event("c1", "ConsentGranted", GRANT), next_of(MOVED, "m2", "ANNULLED"))
    assert ids(result, "bank") == ["c1"]


def test_a_protection_goes_to_a_consent_agency_only_when_it_knows_the_person() -> None:
    assert ids(run(protection("p1", "STRICT")), "bank") == []
    assert ids(run(event("c1", "ConsentGranted", GRANT), protection("p1", "STRICT")), "bank") == ["c1", "p1"]


def test_at_strict_no_address_goes_to_anyone_until_it_ceases() -> None:
    strict = protection("p1", "STRICT")
    later = event("m2", "ResidenceChanged", MOVE)
    result = run(strict, MOVED, next_of(strict, "p2", "CEASED"), later)
    assert [(due.event_id, due.addresses) for due in result.due["tax"]] == [
        ("p1", False),
        ("m1", False),
        ("p2", True),
        ("m2", True),
    ]


def test_at_confidential_no_address_goes_out_on_a_consent() -> None:
    result = run(event("c1", "ConsentGranted", GRANT), protection("p1", "CONFIDENTIAL"), MOVED)
    assert [due.addresses for due in result.due["bank"] if due.event_id == "m1"] == [False]
    assert [due.addresses for due in result.due["tax"] if due.event_id == "m1"] == [True]


def test_a_province_gets_nothing_of_a_strictly_protected_person_but_removals_and_annulments() -> None:
    later = event("m2", "ResidenceChanged", MOVE)
    result = run(MOVED, protection("p1", "STRICT"), later, next_of(MOVED, "m3", "ANNULLED"), terms=(SAIGON,))
    assert ids(result, "saigon") == ["m1", "p1", "m3"]
    assert result.withheld["saigon"] == [("m2", "protected")]
    assert ids(run(protection("p1", "STRICT"), terms=(SAIGON,)), "saigon") == []


def test_events_under_an_old_number_are_the_person_s_own() -> None:
    change = {"old_number": LAN, "new_number": BINH, "changed_on": "2026-10-01"}
    moved_again = MOVED | {"id": "m2", "subject": BINH}
    old = event("m3", "ResidenceChanged", MOVE)
    granted = event("c1", "ConsentGranted", GRANT)
    result = run(granted, MOVED, event("n1", "PersonalNumberChanged", change), moved_again, old)
    assert result.verdicts == ["published"] * 3 + ["duplicate:fact", "published"]
    assert [due.person for due in result.due["tax"]] == [LAN, BINH, BINH]
    assert ids(result, "bank") == ["c1", "m1", "m3"]
    assert result.person(LAN) == BINH


def test_a_merged_person_dies_once() -> None:
    merge = event("n1", "PersonsMerged", {"merged_numbers": [NAM], "merged_on": "2026-10-01"})
    result = run(DIED, merge, event("d2", "DeathRegistered", DEATH, subject=NAM))
    assert result.verdicts == ["published", "published", "duplicate:vital"]


def test_the_bank_has_only_its_own_types() -> None:
    assert "DeathRegistered" not in BANK.consent | BANK.statute
    result = run(event("c1", "ConsentGranted", GRANT), DIED)
    assert ids(result, "bank") == ["c1"]
    assert result.withheld["bank"] == []
