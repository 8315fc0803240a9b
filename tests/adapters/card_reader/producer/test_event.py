"""An event says what its purpose allows, and nothing can say more through it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.card_reader.producer.allowed import ALLOWED, NEVER, Forbidden, check
from adapters.card_reader.producer.event import Finding, Link, Moment, Place, Result, expiry
from tests.adapters.card_reader.producer.making import FOUND, NOW, an_event
from tests.adapters.card_reader.virtual.personal import MINH, mrz_lines


def test_an_event_says_who_where_when_what_for_and_how_far_it_was_verified() -> None:
    event = an_event()
    assert event.pop("id") is not None
    assert event == {
        "v": 1,
        "device_id": "edge-test",
        "sequence": 1,
        "previous": None,
        "site_id": "01-00004-01",
        "occurred_at": NOW,
        "clock": "synced",
        "kind": "verification",
        "purpose": "health-check-in",
        "result": "CHIP_PA",
        "error": None,
        "subject": MINH.number,
        "document_number": MINH.number[-9:],
    }


@pytest.mark.parametrize("purpose", ["entry", "a-purpose-that-is-new"])
def test_a_purpose_that_is_not_listed_gets_the_person_and_not_the_card(purpose: str) -> None:
    event = an_event(finding=FOUND._replace(purpose=purpose))
    assert event["subject"] == MINH.number
    assert event["document_number"] is None


def test_a_card_that_is_not_believed_is_reported_without_a_person() -> None:
    event = an_event(finding=FOUND._replace(result=None, error="not_genuine"))
    assert (event["result"], event["error"]) == (None, "not_genuine")
    assert event["subject"] is None
    assert event["document_number"] is None


def test_nothing_that_may_never_leave_is_allowed_for_any_purpose() -> None:
    assert not any(NEVER & allowed for allowed in ALLOWED.values())
    assert not NEVER & an_event().keys()


@pytest.mark.parametrize("field", sorted(NEVER))
def test_what_may_never_leave_is_refused_by_name(field: str) -> None:
    with pytest.raises(Forbidden):
        check({**an_event(), field: None})


@given(st.text(min_size=1), st.one_of(st.none(), st.text(), st.integers(), st.binary()))
def test_a_field_that_no_event_has_is_refused(field: str, value: object) -> None:
    if field not in {*an_event(), "expired"}:
        with pytest.raises(Forbidden):
            check({**an_event(), field: value})


@pytest.mark.parametrize("field", [name for name, value in an_event().items() if not isinstance(value, int)])
@pytest.mark.parametrize("value", [*mrz_lines(MINH), MINH.name, MINH.religion, "x" * 300, b"bytes", ["list"]])
def test_no_field_can_carry_something_else(field: str, value: object) -> None:
    with pytest.raises(Forbidden) as refused:
        check({**an_event(), field: value})
    assert str(value) not in str(refused.value)


def test_a_finding_shows_no_person_when_it_is_printed() -> None:
    assert MINH.number not in repr(FOUND)
    assert MINH.number[-9:] not in f"{[FOUND]}"


def test_an_expired_event_says_which_ones_are_lost_and_nothing_of_them() -> None:
    place, moment = Place("edge-test", "01-00004-01"), Moment(NOW, "synced")
    event = expiry([(1, 3), (5, 5)], "proof-of-life", place, moment, Link(6, "A" * 43), str(an_event()["id"]))
    assert event["expired"] == [[1, 3], [5, 5]]
    assert (event["kind"], event["result"], event["subject"], event["document_number"]) == ("expired", None, None, None)


def test_a_wrong_number_is_refused_and_not_repeated() -> None:
    with pytest.raises(Forbidden) as refused:
        an_event(finding=Finding("health-check-in", Result.PA, None, "00119270041"))
    assert "00119270041" not in str(refused.value)
