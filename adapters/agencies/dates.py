"""Days and months as the law counts them: in Vietnam's time, by month, by working day. All ISO text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone

#: Indochina Time; Vietnam keeps no summer time.
_VIETNAM = timezone(timedelta(hours=7))
_FRIDAY = 4


def vietnam_date(moment: str) -> str:
    """Return the day in Vietnam of an RFC 3339 time, as YYYY-MM-DD."""
    return datetime.fromisoformat(moment).astimezone(_VIETNAM).date().isoformat()


def month(day: str, later: int = 0) -> str:
    """Return the month of a day, or the one some months later, as YYYY-MM."""
    count = int(day[:4]) * 12 + int(day[5:7]) - 1 + later
    return f"{count // 12:04d}-{count % 12 + 1:02d}"


def months(first: str, last: str) -> Iterator[str]:
    """Yield the months from `first` to `last`, both included; none when `last` is earlier."""
    while first <= last:
        yield first
        first = month(first, 1)


def days_after(day: str, days: int) -> str:
    """Return the day that is `days` later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def working_days_after(day: str, days: int) -> str:
    """Return the day that is `days` working days later, Monday to Friday.

    Public holidays count as working days here, so a due date is never later than the law allows.
    """
    reached = date.fromisoformat(day)
    while days:
        reached += timedelta(days=1)
        days -= reached.weekday() <= _FRIDAY
    return reached.isoformat()
