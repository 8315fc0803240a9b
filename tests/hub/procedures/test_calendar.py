"""Working days of Vietnam, and when a number of them is over."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.procedures.calendar import VIETNAM, of_vietnam
from tests.hub.procedures.world import WEEKDAYS

CALENDAR = of_vietnam()
MOMENTS = st.integers(1_735_689_600_000, 1_830_297_600_000)


def at(text: str) -> int:
    """Return a time in Vietnam as ms since 1970 UTC."""
    return int(datetime.fromisoformat(text).replace(tzinfo=VIETNAM).timestamp()) * 1000


def last_day(ms: int) -> date:
    """Return the last day that is in time."""
    return datetime.fromtimestamp(ms / 1000 - 1, VIETNAM).date()


@pytest.mark.parametrize(
    ("begun", "days", "last"),
    [
        ("2026-03-02 08:00", 1, "2026-03-03"),  # Monday
        ("2026-03-06 23:59", 1, "2026-03-09"),  # Friday
        ("2026-03-07 00:00", 1, "2026-03-09"),  # Saturday: the weekend counts for nobody
        ("2026-03-02 08:00", 5, "2026-03-09"),
        ("2026-02-13 10:00", 1, "2026-02-23"),  # Tết, by the lunar calendar
        ("2026-04-24 10:00", 1, "2026-04-28"),  # the Hùng Kings' day falls on a Sunday: Monday is free
        ("2026-04-29 10:00", 1, "2026-05-04"),
        ("2026-08-28 10:00", 1, "2026-09-03"),  # National Day, with a day that was worked before
        ("2026-08-21 10:00", 1, "2026-08-22"),  # that Saturday
    ],
)
def test_working_days_leave_out_weekends_and_holidays(begun: str, days: int, last: str) -> None:
    assert last_day(CALENDAR.deadline(at(begun), days)) == date.fromisoformat(last)


def test_the_time_is_over_at_midnight_in_vietnam() -> None:
    over = datetime.fromtimestamp(CALENDAR.deadline(at("2026-03-02 08:00"), 1) / 1000, UTC)
    assert over.isoformat() == "2026-03-03T17:00:00+00:00"


def test_what_was_announced_goes_before_the_calendar() -> None:
    announced = of_vietnam(frozenset({date(2026, 3, 3)}), frozenset({date(2026, 3, 7)}))
    assert last_day(announced.deadline(at("2026-03-02 08:00"), 1)) == date(2026, 3, 4)
    assert last_day(announced.deadline(at("2026-03-06 08:00"), 1)) == date(2026, 3, 7)


@given(MOMENTS, st.integers(1, 40))
def test_as_many_working_days_pass_as_were_given(moment: int, days: int) -> None:
    begun, last = datetime.fromtimestamp(moment / 1000, VIETNAM).date(), last_day(WEEKDAYS.deadline(moment, days))
    passed = [begun + timedelta(n) for n in range(1, (last - begun).days + 1)]
    assert sum(day.weekday() < 5 for day in passed) == days
    assert last.weekday() < 5


@given(MOMENTS, MOMENTS, st.integers(1, 20), st.integers(0, 5))
def test_who_begins_later_or_has_more_days_is_not_late_earlier(one: int, other: int, days: int, more: int) -> None:
    first, second = sorted((one, other))
    assert WEEKDAYS.deadline(first, days) <= WEEKDAYS.deadline(second, days + more)
    assert first < WEEKDAYS.deadline(first, days)
