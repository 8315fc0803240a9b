"""How fast a replay asks: never more than its rate, whatever the clock and the steps do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replay.pace import Pace


def test_without_a_rate_as_many_go_as_are_wanted() -> None:
    assert Pace.begin(None, 0).later(5).spent(100).allows(500) == 500


@given(
    st.floats(0.1, 1000),
    st.lists(st.tuples(st.integers(-100_000, 5000), st.integers(1, 500)), max_size=50),
)
def test_never_more_go_than_the_time_that_passed_allows(rate: float, steps: list[tuple[int, int]]) -> None:
    now, passed, went = 0, 0, 0
    pace = Pace.begin(rate, now)
    for elapsed, wanted in steps:
        now += elapsed
        passed += max(0, elapsed)
        pace = pace.later(now)
        count = pace.allows(wanted)
        assert 0 <= count <= wanted
        pace = pace.spent(count)
        went += count
        assert went <= rate * passed / 1000 + 1.001


def test_half_a_delivery_a_second_is_one_in_two_seconds() -> None:
    pace = Pace.begin(0.5, 0)
    counts = []
    for second in range(1, 9):
        pace = pace.later(second * 1000)
        count = pace.allows(10)
        pace = pace.spent(count)
        counts.append(count)
    assert sum(counts) == 4


def test_a_pause_of_hours_saves_up_one_seconds_worth() -> None:
    assert Pace.begin(50, 0).later(3_600_000).allows(1000) == 50
