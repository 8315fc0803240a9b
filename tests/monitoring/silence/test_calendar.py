"""Which day of Vietnam is like which."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from monitoring.silence.calendar import begin_of, day_of, like

MONDAY, TUESDAY, _, _, FRIDAY, SATURDAY, SUNDAY = range(7)


def _day(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("day", "kind"),
    [
        ((2026, 11, 20), FRIDAY),
        ((2026, 11, 21), SATURDAY),
        ((2026, 11, 22), SUNDAY),
        ((2026, 11, 16), MONDAY),
        ((2026, 11, 23), SUNDAY),  # one working day before a holiday, a Tuesday
        ((2026, 1, 1), SUNDAY),  # new year, a Thursday
        ((2026, 1, 2), SUNDAY),  # one working day before a Saturday: many take it off
        ((2026, 1, 5), MONDAY),
        ((2026, 2, 17), SUNDAY),  # the first day of Tết
        ((2026, 4, 27), SUNDAY),  # instead of the Hùng kings' day, a Sunday
        ((2026, 4, 28), TUESDAY),
        ((2026, 4, 30), SUNDAY),  # liberation day
        ((2026, 5, 1), SUNDAY),  # labour day
        ((2026, 5, 2), SUNDAY),  # a Saturday behind two holidays
        ((2026, 9, 2), SUNDAY),  # national day
        ((2027, 2, 6), SUNDAY),  # Tết of the next year
    ],
)
def test_a_holiday_is_like_a_sunday(day: tuple[int, int, int], kind: int) -> None:
    assert like(_day(*day)).kind == kind


def test_offices_are_slow_around_tet() -> None:
    assert like(_day(2026, 2, 9)).weight < 1
    assert like(_day(2026, 2, 26)).weight < 1
    assert like(_day(2026, 2, 8)).weight == like(_day(2026, 2, 28)).weight == 1


def test_a_day_begins_at_midnight_in_vietnam() -> None:
    midnight = datetime(2026, 11, 22, tzinfo=timezone(timedelta(hours=7)))
    at = int(midnight.timestamp() * 1000)
    assert begin_of(_day(2026, 11, 22)) == at
    assert (day_of(at), day_of(at - 1)) == (_day(2026, 11, 22), _day(2026, 11, 21))
    assert datetime.fromtimestamp(at / 1000, UTC).hour == 17


def test_the_vietnamese_day_is_that_of_the_table_of_time_zones() -> None:
    zoneinfo = pytest.importorskip("zoneinfo")
    vietnam = zoneinfo.ZoneInfo("Asia/Ho_Chi_Minh")
    for month in range(1, 13):
        assert datetime(2026, month, 15, tzinfo=vietnam).utcoffset() == timedelta(hours=7)


def test_a_year_of_which_no_holidays_are_known_has_its_weekdays() -> None:
    assert like(_day(2150, 1, 5)).kind == (_day(2150, 1, 5) + 3) % 7
