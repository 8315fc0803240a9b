"""Failures as operators see them: listed, grouped by cause, and one with everything about it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from hub.deliveries import Account, Failure, Outcome, Trial
from hub.eventlog import Record
from hub.registers import tables as t
from replay.failures import normalised
from replay.selection import Selection
from tests.consumers.agency import message
from tests.replay.office import Office


def _fail(office: Office, place: int, message_: str, error_class: str = "constraint", agency: str = "land") -> None:
    record = Record(place, 1, f"p{place}", b"x", {"ce_id": f"e{place}", "ce_type": "DeathRegistered"})
    trial = Trial(record, Failure(Outcome.REJECTED, error_class, message_), place * 1000, 0.5)
    office.feeds[agency].store.record(agency, Account([trial], [], {}, place * 1000))


def test_failures_with_one_cause_are_one_group_however_their_words_differ(office: Office) -> None:
    for n in range(1, 6):
        _fail(office, n, f"no title {n}00 of 'Lô {n}' for 07920400000{n}")
    _fail(office, 6, "the table is full")
    _fail(office, 7, "no title 7", agency="tax")
    found = office.failures.groups(Selection())
    assert found["failures"] == 7
    assert [(one["agency"], one["count"], one["message"]) for one in found["groups"]] == [
        ("land", 5, "no title … of … for …"),
        ("land", 1, "the table is full"),
        ("tax", 1, "no title …"),
    ]
    largest = found["groups"][0]
    assert (largest["oldest"], largest["newest"]) == ("1970-01-01T00:00:01.000Z", "1970-01-01T00:00:05.000Z")
    assert len(largest["sample"]) == 3
    assert set(largest["sample"]) <= {f"e{n}" for n in range(1, 6)}


def test_more_causes_than_can_be_shown_are_counted_together(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("replay.failures._GROUPS", 2)
    for n in range(1, 6):
        _fail(office, n, "abcde"[n - 1] * 3)
    found = office.failures.groups(Selection())
    assert found["failures"] == 5
    assert len(found["groups"]) == 3


def test_the_list_is_filtered_and_goes_on_page_by_page(office: Office) -> None:
    for n in range(1, 8):
        _fail(office, n, "x", "a" if n % 2 else "b")
    chosen = Selection(error_class="a", since=2000, until=7000)
    first = office.failures.page(chosen, limit=2)
    assert [one["event_id"] for one in first["failures"]] == ["e3", "e5"]
    assert first["next"] == "land:5"
    rest = office.failures.page(chosen, ("land", 5), 2)
    assert (rest["failures"], rest["next"]) == ([], None)


def test_one_failure_has_every_attempt_and_what_waits_behind_it(office: Office) -> None:
    office.agency().dislikes = {"a1"}
    office.publish(*(message(f"a{n}", "A") for n in (1, 2, 3)))
    office.deliver()
    office.finish(office.started())
    found = office.failures.show("a1")
    assert found is not None
    (one,) = found["deliveries"]
    assert (one["state"], one["attempts"], one["waiting_behind"], one["next_behind"]) == ("parked", 2, 2, ["a2"])
    assert [(a["number"], a["outcome"], a["error_class"], a["asked_by"]) for a in one["tries"]] == [
        (1, "rejected", "constraint", None),
        (2, "rejected", "constraint", "lan"),
    ]
    assert all(a["seconds"] >= 0 for a in one["tries"])
    assert office.failures.show("unknown") is None


def test_what_waits_under_another_number_of_the_person_counts_too(office: Office) -> None:
    office.agency().dislikes = {"a1"}
    office.persons = [{"A", "B"}]
    office.publish(message("a1", "A"), message("b2", "B"))
    office.deliver()
    found = office.failures.show("a1")
    assert found is not None
    assert found["deliveries"][0]["waiting_behind"] == 1


def test_refusals_of_an_event_are_told_without_personal_numbers(office: Office) -> None:
    aside = {"position": 1, "decided_at": 1, "event_id": "x", "at": 5000, "verdict": "refused"}
    refusal = {"place": "f:1", "event_id": "x", "at": 1000, "reason": "schema", "detail": "079204000001 is no name"}
    with office.registers.begin() as connection:
        connection.execute(sa.insert(t.set_aside), {**aside, "reason": "damaged", "detail": "no"})
        connection.execute(sa.insert(t.refusals), refusal)
    found = office.failures.show("x")
    assert found is not None
    assert [(one["by"], one["error_class"]) for one in found["refused"]] == [
        ("intake", "schema"),
        ("pipeline", "damaged"),
    ]
    assert "079204000001" not in str(found)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("no title 12 of 'x'", "no title … of …"),
        ("id 0199c0de-0000-7000-8000-000000000001 is there", "id … is there"),
        ('HTTP 500: "boom"', "HTTP …: …"),
        ("079204000001 is unknown", "… is unknown"),
        ("không có thửa “7/B”", "không có thửa …"),
        ("", ""),
    ],
)
def test_what_differs_from_event_to_event_is_left_out_of_a_cause(said: str, shown: str) -> None:
    assert normalised(said) == shown
