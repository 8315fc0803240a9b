"""When a number of working days is over, in Vietnam: Monday to Friday, without its public holidays."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final

#: Vietnam has one time zone and no summer time.
VIETNAM: Final = timezone(timedelta(hours=7))
_DAY: Final = timedelta(days=1)


class Calendar:
    """Counts working days. `is_working` says whether people work on a day."""

    def __init__(self, is_working: Callable[[date], bool]) -> None:
        self._is_working = is_working
        self._last = lru_cache(maxsize=4096)(self._find_last)

    def deadline(self, at: int, days: int) -> int:
        """Return when so many working days are over: the midnight (ms since 1970 UTC) that ends the last of them.

        The day of `at` itself does not count (Civil Code 91/2015/QH13, article 147). `days` is 1 or more.
        """
        day = self._last(datetime.fromtimestamp(at / 1000, VIETNAM).date(), days)
        end = datetime(day.year, day.month, day.day, tzinfo=VIETNAM) + _DAY
        return int(end.astimezone(UTC).timestamp()) * 1000

    def _find_last(self, day: date, days: int) -> date:
        while days > 0:
            day += _DAY
            days -= self._is_working(day)
        return day


def of_vietnam(days_off: frozenset[date] = frozenset(), working_days: frozenset[date] = frozenset()) -> Calendar:
    """Return the calendar of Vietnam's offices, with what was announced besides.

    The library `holidays` knows the public holidays, those of the lunar calendar too, and the days that were worked
    or free instead of others, as far as they were announced when it was made.
    """
    import holidays  # only a keeper counts days

    known = holidays.country_holidays("VN")

    def is_working(day: date) -> bool:
        return day in working_days or (day not in days_off and known.is_working_day(day))

    return Calendar(is_working)
