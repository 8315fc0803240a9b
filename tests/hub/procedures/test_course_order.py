"""Whatever the order in which the hub comes to know of things, and whatever time it is: laws that always hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hub.procedures.course import Said, State, courses_of
from tests.hub.making import NOW
from tests.hub.procedures.test_course import said
from tests.hub.procedures.world import DAY, RULES, WEEKDAYS

CHANGES = st.sampled_from(["CREATED", "CORRECTED", "ANNULLED", "CEASED"])
ACTS = st.sampled_from(["BirthRegistered|1", "DeathRegistered|2", "ResidenceChanged|3", "ResidenceChanged|4"])
TIMES = st.integers(NOW, NOW + 40 * DAY)


@st.composite
def histories(draw: st.DrawFn) -> list[Said]:
    """Return what a person's registers may say: every version of an act comes once."""
    keys = draw(st.lists(st.tuples(ACTS, st.integers(1, 3)), unique=True, max_size=8))
    return [
        said(f"{act}-{version}", act, version, draw(CHANGES), draw(TIMES), position=n)
        for n, (act, version) in enumerate(keys)
    ]


AGENCIES = st.sampled_from(["insurance", "welfare"])
ANSWERS = st.dictionaries(st.tuples(st.integers(0, 7), AGENCIES), TIMES, max_size=6)


def answers(history: list[Said], chosen: dict[tuple[int, str], int]) -> dict[tuple[str, str], int]:
    """Return acknowledgements of events of a history."""
    found = {(n, agency): at for (n, agency), at in chosen.items() if n < len(history)}
    return {(history[n].event_id, agency): at for (n, agency), at in found.items()}


@given(histories(), ANSWERS, st.randoms(use_true_random=False))
def test_the_order_in_which_things_come_to_be_known_does_not_matter(
    history: list[Said], chosen: dict[tuple[int, str], int], rng: st.DataObject
) -> None:
    had = answers(history, chosen)
    shuffled, turned = list(history), list(had.items())
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    rng.shuffle(turned)  # type: ignore[attr-defined]
    one = {case.event_id: case for case in courses_of(history, had, RULES, WEEKDAYS)}
    other = {case.event_id: case for case in courses_of(shuffled, dict(turned), RULES, WEEKDAYS)}
    assert one == other


#: What never turns back but by an annulment: the order of the states of a case.
RANK = {State.LATE: 0, State.OPEN: 0, State.DONE: 1, State.CANCELLED: 2}


@given(histories(), ANSWERS, TIMES, AGENCIES, TIMES)
def test_one_more_acknowledgement_never_turns_a_case_back(
    history: list[Said], chosen: dict[tuple[int, str], int], at: int, agency: str, now: int
) -> None:
    had = answers(history, chosen)
    more = had | {(one.event_id, agency): min(at, had.get((one.event_id, agency), at)) for one in history[:1]}
    before = {case.event_id: case for case in courses_of(history, had, RULES, WEEKDAYS)}
    for case in courses_of(history, more, RULES, WEEKDAYS):
        was = before[case.event_id]
        assert RANK[case.state(now)] >= RANK[was.state(now)]
        assert len([step for step in case.steps if step.taken]) >= len([step for step in was.steps if step.taken])
        if case.state(now) is State.LATE:
            assert case.late(now)


@given(histories(), ANSWERS, TIMES, st.integers(0, 100 * DAY))
def test_time_alone_only_ever_makes_an_open_case_late(
    history: list[Said], chosen: dict[tuple[int, str], int], now: int, passed: int
) -> None:
    for case in courses_of(history, answers(history, chosen), RULES, WEEKDAYS):
        before, after = case.state(now), case.state(now + passed)
        assert after is before or (before, after) == (State.OPEN, State.LATE)
        assert set(case.late(now)) <= set(case.late(now + passed))
