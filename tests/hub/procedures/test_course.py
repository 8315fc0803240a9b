"""How cases stand: pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hub.procedures.course import Course, Said, State, Taken, courses_of
from hub.procedures.definition import Procedures
from tests.hub.making import NOW
from tests.hub.procedures.world import BIRTH, DAY, DEATH, RULES, WEEKDAYS

#: Far behind every deadline.
NEVER = NOW + 1000 * DAY


def said(
    event_id: str, act: str, version: int = 1, change: str = "CREATED", at: int = NOW, position: int | None = None
) -> Said:
    """Return a published version; its position is in order of the time unless told otherwise."""
    return Said(at if position is None else position, event_id, at, act, version, change)


BIRTH_SAID = said("birth", "BirthRegistered|b")
MOVE_SAID = said("move", "ResidenceChanged|m", at=NOW + DAY)


def course(*facts: Said, had: dict[tuple[str, str], int] | None = None, rules: Procedures = RULES) -> Course:
    """Return the one case that there must be."""
    (found,) = courses_of(facts, had or {}, rules, WEEKDAYS)
    return found


def taken(one: Course) -> dict[str, Taken | None]:
    """Return what is known of each step."""
    return {step.step: step.taken for step in one.steps}


def test_a_case_is_open_then_late_and_says_who_is_late_since_when() -> None:
    case = course(BIRTH_SAID)
    residence, card = case.steps
    assert (residence.due_at, card.due_at) == (WEEKDAYS.deadline(NOW, 7), WEEKDAYS.deadline(NOW, 5))
    assert card.due_at is not None
    assert case.state(card.due_at) is State.OPEN
    assert case.state(card.due_at + 1) is State.LATE
    assert [step.agency for step in case.late(card.due_at + 1)] == ["insurance"]
    assert [(step.agency, step.due_at) for step in case.late(NEVER)] == [
        ("insurance", card.due_at),
        ("police", residence.due_at),
    ]


def test_a_case_is_done_when_every_step_is_taken_and_then_nobody_is_late() -> None:
    case = course(BIRTH_SAID, MOVE_SAID, had={("birth", "insurance"): NOW + 5})
    assert taken(case) == {"residence": Taken(NOW + DAY, "move"), "health-card": Taken(NOW + 5, "birth")}
    assert case.state(NEVER) is State.DONE
    assert case.turns_at == NOW + DAY
    assert not case.late(NEVER)


def test_an_annulment_cancels_the_case_and_of_a_step_takes_it_back() -> None:
    cancelled = course(BIRTH_SAID, said("gone", "BirthRegistered|b", 2, "ANNULLED", NOW + 9), MOVE_SAID)
    assert (cancelled.state(NEVER), cancelled.turns_at) == (State.CANCELLED, NOW + 9)
    reopened = course(BIRTH_SAID, MOVE_SAID, said("not moved", "ResidenceChanged|m", 2, "ANNULLED", NOW + 2 * DAY))
    assert taken(reopened)["residence"] is None


def test_a_fact_that_was_annulled_and_stands_again_opens_the_same_case_again() -> None:
    gone = said("gone", "BirthRegistered|b", 2, "ANNULLED", NOW + 9)
    again = said("again", "BirthRegistered|b", 3, "CREATED", NOW + 20)
    case = course(BIRTH_SAID, gone, again)
    assert (case.event_id, case.state(NOW + 30)) == ("birth", State.OPEN)


def test_an_annulment_alone_and_an_end_alone_open_no_case() -> None:
    assert not courses_of([said("gone", "BirthRegistered|b", 2, "ANNULLED")], {}, RULES, WEEKDAYS)
    assert not courses_of([MOVE_SAID], {}, RULES, WEEKDAYS)


def test_any_version_that_an_agency_has_will_do() -> None:
    corrected = said("put right", "BirthRegistered|b", 2, "CORRECTED", NOW + 7)
    case = course(BIRTH_SAID, corrected, had={("put right", "insurance"): NOW + 99, ("birth", "tax"): NOW})
    assert taken(case)["health-card"] == Taken(NOW + 99, "put right")


def test_an_event_from_before_counts_only_as_far_back_as_the_step_says() -> None:
    earlier = said("move", "ResidenceChanged|m", at=NOW - 30 * DAY)
    assert taken(course(BIRTH_SAID, earlier))["residence"] == Taken(earlier.at, "move")
    assert taken(course(BIRTH_SAID, earlier._replace(at=earlier.at - 1)))["residence"] is None


def test_only_the_changes_that_the_step_names_take_it() -> None:
    death = said("death", "DeathRegistered|d")
    assert taken(course(death, MOVE_SAID))["deregistration"] is None
    ended = said("out", "ResidenceChanged|m", 2, "CEASED", NOW + 2 * DAY)
    assert taken(course(death, MOVE_SAID, ended))["deregistration"] == Taken(ended.at, "out")


def test_the_days_of_a_step_behind_another_count_from_the_end_of_that() -> None:
    death = said("death", "DeathRegistered|d")
    waiting = course(death)
    assert [step.due_at for step in waiting.steps] == [WEEKDAYS.deadline(NOW, 7), None]
    assert [step.agency for step in waiting.late(NEVER)] == ["police"]
    ended = said("out", "ResidenceChanged|m", 2, "CEASED", NOW + 2 * DAY)
    assert course(death, ended).steps[1].due_at == WEEKDAYS.deadline(ended.at, 10)


def test_a_procedure_that_is_followed_since_a_day_opens_no_case_for_what_was_before() -> None:
    later = Procedures((replace(BIRTH, since=date(2026, 11, 23)), DEATH))
    assert not courses_of([BIRTH_SAID], {}, later, WEEKDAYS)
    assert courses_of([BIRTH_SAID._replace(at=NOW + DAY)], {}, later, WEEKDAYS)
