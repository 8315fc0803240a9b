"""When a failed delivery comes again by itself."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from replay.schedule import OPERATOR_DECIDES, Schedule


@given(st.integers(1, 1000), st.text(), st.integers(0, 2**50))
def test_by_default_an_operator_decides(attempts: int, error_class: str, now: int) -> None:
    assert OPERATOR_DECIDES(attempts, error_class, now) is None


def test_pauses_are_used_one_after_the_other_until_none_is_left() -> None:
    schedule = Schedule((1_000, 60_000))
    assert [schedule(attempts, "constraint", 5) for attempts in (1, 2, 3)] == [1_005, 60_005, None]


def test_an_error_class_may_have_pauses_of_its_own() -> None:
    schedule = Schedule((1_000,), {"unreadable": ()})
    assert schedule(1, "unreadable", 0) is None
    assert schedule(1, "constraint", 0) == 1_000


@given(st.lists(st.integers(0, 10**9), max_size=10), st.integers(1, 12), st.integers(0, 2**50))
def test_it_never_comes_again_before_now_and_ends(pauses: list[int], attempts: int, now: int) -> None:
    at = Schedule(pauses)(attempts, "any", now)
    assert at is None if attempts > len(pauses) else at is not None and at >= now
