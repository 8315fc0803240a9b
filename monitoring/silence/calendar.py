"""Which day of Vietnam is like which: a public holiday is like a Sunday, whatever weekday it falls on."""

from __future__ import annotations

from datetime import date
from functools import cache, lru_cache
from typing import Final, NamedTuple

#: Asia/Ho_Chi_Minh in ms: the same all year since 1975, so that no table of time zones is needed.
ZONE: Final = 7 * 3_600_000
DAY: Final = 86_400_000
#: The kinds of days: Monday is 0; a holiday is like a Sunday.
KINDS: Final = 7
WORKDAYS: Final = range(5)
_SATURDAY, _SUNDAY = 5, 6
_EPOCH: Final = date(1970, 1, 1).toordinal()
_NEW_YEAR: Final = "Lunar New Year"
#: Offices are slow for so many days before and after the holidays of Tết, and count for that much less.
_AROUND: Final = 7
_SLOW: Final = 1 / 3


class Day(NamedTuple):
    """What a day is like."""

    #: 0 to 6.
    kind: int
    #: How much of what is usual for such a day may be expected: up to 1.
    weight: float


def day_of(at: int) -> int:
    """Return the day that it is in Vietnam at a time (ms since 1970 UTC): days since 1970."""
    return (at + ZONE) // DAY


def begin_of(day: int) -> int:
    """Return when a day begins, in ms since 1970 UTC."""
    return day * DAY - ZONE


@lru_cache(maxsize=4096)
def like(day: int) -> Day:
    """Return what a day (since 1970) is like. Source of the holidays: Labour Code, article 112, by `holidays`.

    A single day between days off is like a Sunday too, since many take it off: such as a Saturday after a holiday.
    """
    weekday = (day + 3) % KINDS  # 1 January 1970 was a Thursday
    off = weekday == _SUNDAY or _is_holiday(day)
    between = _is_free(day - 1) and _is_free(day + 1)
    near = any(day + by in _tet(_year(day + by)) for by in range(-_AROUND, _AROUND + 1))
    return Day(_SUNDAY if off or between else weekday, _SLOW if near else 1.0)


def _is_free(day: int) -> bool:
    return (day + 3) % KINDS in (_SATURDAY, _SUNDAY) or _is_holiday(day)


def _is_holiday(day: int) -> bool:
    return day in _holidays(_year(day))


def _year(day: int) -> int:
    return date.fromordinal(day + _EPOCH).year


@cache
def _holidays(year: int) -> frozenset[int]:
    return frozenset(_named(year))


@cache
def _tet(year: int) -> frozenset[int]:
    """The holidays of the lunar new year."""
    return frozenset(day for day, name in _named(year).items() if _NEW_YEAR in name)


@cache
def _named(year: int) -> dict[int, str]:
    from holidays import country_holidays  # a tenth of a second, and few commands need it

    found = country_holidays("VN", years=year, language="en_US")
    return {day.toordinal() - _EPOCH: name for day, name in found.items()}
