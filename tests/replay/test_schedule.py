"""When a failed delivery comes again by itself."""

from __future__ import annotations

import re
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import schemas
from replay.schedule import DEFAULT, OPERATOR_DECIDES, Schedule, pause_of, schedule_of

HOUR = 3_600_000
AGREEMENT = orjson.loads((Path(schemas.__file__).parent / "agreement.schema.json").read_bytes())


@given(st.integers(1, 1000), st.text(), st.integers(0, 2**50))
def test_without_pauses_an_operator_decides(attempts: int, error_class: str, now: int) -> None:
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


def test_an_agreement_that_says_nothing_means_twelve_attempts_over_about_35_hours() -> None:
    schedule, now, attempts = schedule_of({"way": "sql"}), 0, 1
    while (again := schedule(attempts, "constraint", now)) is not None:
        now, attempts = again, attempts + 1
    assert (attempts, len(DEFAULT)) == (12, 11)
    assert 34.5 * HOUR < now < 35 * HOUR


def test_the_default_pauses_only_grow() -> None:
    assert list(map(pause_of, DEFAULT)) == sorted(map(pause_of, DEFAULT))


def test_an_agreement_may_name_its_own_pauses_or_none() -> None:
    assert schedule_of({"schedule": ["30s", "5m", "2h", "1d"]}).pauses == (30_000, 300_000, 2 * HOUR, 24 * HOUR)
    assert schedule_of({"schedule": []})(1, "constraint", 5) is None


@given(st.integers(1, 999_999), st.sampled_from("smhd"))
def test_every_pause_that_an_agreement_may_hold_is_understood(number: int, unit: str) -> None:
    assert pause_of(f"{number}{unit}") == number * {"s": 1, "m": 60, "h": 3600, "d": 86_400}[unit] * 1000


@given(st.text(max_size=8))
def test_what_is_no_pause_is_refused_as_the_schema_of_agreements_refuses_it(text: str) -> None:
    pattern = AGREEMENT["properties"]["delivery"]["properties"]["schedule"]["items"]["pattern"]
    if not re.search(pattern, text):
        with pytest.raises(ValueError, match="no pause"):
            pause_of(text)


@given(st.integers(1, 11), st.integers(0, 2**50), st.integers(-(2**40), 2**40))
def test_a_clock_that_jumps_moves_the_next_attempt_and_never_its_pause(attempts: int, now: int, jump: int) -> None:
    schedule = schedule_of({})
    before, after = schedule(attempts, "any", now), schedule(attempts, "any", now + jump)
    assert before is not None
    assert after is not None
    assert after - before == jump
