"""Looking at cases: pages in order, by procedure, state and agency; counts; one case."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from hub.procedures.course import State
from hub.procedures.store import NoSuchPage
from hub.procedures.writing import Change, Row, turn, write
from tests.hub.making import NOW
from tests.hub.procedures.world import DAY, World


def put(
    world: World, event_id: str, state: str, turns_at: int, procedure: str = "birth", agency: str = "police"
) -> None:
    """Write a case with a step of its own and one that is taken."""
    waits = turns_at if state == "open" else None
    head = (event_id, procedure, "001•••••••11", state, turns_at, NOW - 90 * DAY, None)
    taken = ("first", procedure, "tax", turns_at - DAY, turns_at - 2 * DAY, event_id, None)
    lines = {taken, ("second", procedure, agency, turns_at, None if waits else turns_at, None, waits)}
    change = Change({event_id: Row(head, frozenset(lines))})
    write(world.engine, turn(world.engine), "rules", change)


@pytest.fixture
def cases(world: World) -> World:
    """Two late, two open, two done, one cancelled; of two procedures and two agencies."""
    world.hub.clock.now = NOW
    put(world, "late-2", "open", NOW - DAY)
    put(world, "late-1", "open", NOW - 5 * DAY, "death", "insurance")
    put(world, "open-2", "open", NOW + 2 * DAY, agency="insurance")
    put(world, "open-1", "open", NOW, "death")
    put(world, "done-1", "done", NOW - 3 * DAY)
    put(world, "done-2", "done", NOW - 2 * DAY)
    put(world, "gone", "cancelled", NOW - DAY)
    return world


def ids(world: World, **wanted: object) -> Sequence[str]:
    """Return the cases of all pages, two on each."""
    found: list[str] = []
    after: str | None = None
    while True:
        page = world.cases.page(after=after, limit=2, **wanted)  # type: ignore[arg-type]
        found += [case.event_id for case in page.cases]
        if page.next is None:
            return found
        after = page.next


def test_those_late_for_longest_come_first(cases: World) -> None:
    assert ids(cases) == ["late-1", "late-2", "open-1", "open-2"]
    assert ids(cases, state=State.LATE) == ["late-1", "late-2"]
    assert ids(cases, state=State.OPEN) == ["open-1", "open-2"]


def test_what_has_ended_comes_with_the_newest_first(cases: World) -> None:
    assert ids(cases, state=State.DONE) == ["done-2", "done-1"]
    assert ids(cases, state=State.CANCELLED) == ["gone"]


def test_cases_are_chosen_by_procedure_and_by_whom_they_wait_for(cases: World) -> None:
    assert ids(cases, procedure="death") == ["late-1", "open-1"]
    assert ids(cases, agency="insurance") == ["late-1", "open-2"]
    assert ids(cases, agency="insurance", state=State.LATE) == ["late-1"]
    assert ids(cases, agency="insurance", state=State.OPEN, procedure="birth") == ["open-2"]
    assert ids(cases, agency="tax") == []


def test_a_case_that_has_ended_waits_for_nobody(cases: World) -> None:
    with pytest.raises(ValueError, match="waits for no agency"):
        cases.cases.page(state=State.DONE, agency="tax")


@pytest.mark.parametrize(
    "after", ["", "x", "12", "12.", "-1.x", pytest.param(f"1.{'x' * 501}", id="too long"), f"{'9' * 30}.x", "²3.x"]
)
def test_a_place_that_no_page_gave_is_refused(cases: World, after: str) -> None:
    with pytest.raises(NoSuchPage, match="not what a page gave"):
        cases.cases.page(after=after)


def test_counts_follow_the_time_and_what_is_written(cases: World) -> None:
    assert cases.cases.counts() == {
        ("birth", "late"): 1,
        ("birth", "open"): 1,
        ("birth", "done"): 2,
        ("birth", "cancelled"): 1,
        ("death", "late"): 1,
        ("death", "open"): 1,
    }
    assert cases.cases.late_by_agency() == {("birth", "police"): 1, ("death", "insurance"): 1}

    cases.hub.clock.now = NOW + 3 * DAY
    put(cases, "late-1", "done", NOW, "death")
    assert cases.cases.counts() == {
        ("birth", "late"): 2,
        ("birth", "done"): 2,
        ("birth", "cancelled"): 1,
        ("death", "late"): 1,
        ("death", "done"): 1,
    }


def test_one_case_says_of_each_step_by_how_much_somebody_is_or_was_late(cases: World) -> None:
    case = cases.case("late-2")
    assert case.state is State.LATE
    assert [(step.step, step.late_ms) for step in case.steps] == [("first", 0), ("second", DAY)]
    assert [step.agency for step in case.late] == ["police"]
    assert cases.case("open-1").late == ()
    assert cases.cases.case("nobody") is None
