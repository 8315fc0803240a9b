"""The two languages of the console, and how numbers and times are written in each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from functools import cache
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_decimal
from markupsafe import Markup

Lang = Literal["vi", "en"]
VI: Final[Lang] = "vi"
EN: Final[Lang] = "en"
#: The time of Vietnam, which knows no summer time: the days and hours that everybody here means.
VIETNAM: Final = timezone(timedelta(hours=7))
_DAY_MS: Final = 86_400_000
_PATTERN: Final = {VI: "HH:mm:ss dd/MM/yyyy", EN: "d MMM yyyy, HH:mm:ss"}


def known(text: str | None) -> Lang | None:
    """Return a language if there is one of this name."""
    return next((lang for lang in (VI, EN) if lang == text), None)


def number(lang: Lang, value: float) -> str:
    """Return a number with its separators."""
    return str(format_decimal(value, locale=_locale(lang)))


def moment(lang: Lang, ms: int | None) -> Markup:
    """Return a time (ms since 1970 UTC) as Vietnam's clock shows it, in a `<time>`; nothing for None."""
    if ms is None:
        return Markup("")
    at = datetime.fromtimestamp(ms / 1000, VIETNAM)
    shown = format_datetime(at, _PATTERN[lang], locale=_locale(lang))
    return Markup('<time datetime="{}">{}</time>').format(_utc(ms), shown)


def day(lang: Lang, iso: str) -> Markup:
    """Return a day (`YYYY-MM-DD`) as people write it, in a `<time>`."""
    shown = format_date(date.fromisoformat(iso), {VI: "dd/MM/yyyy", EN: "d MMM yyyy"}[lang], locale=_locale(lang))
    return Markup('<time datetime="{}">{}</time>').format(iso, shown)


def ago(lang: Lang, ms: int | None, now: int) -> Markup:
    """Return how long a time is ago, in a `<time>` whose title is the time itself; nothing for None."""
    if ms is None:
        return Markup("")
    at = datetime.fromtimestamp(ms / 1000, VIETNAM)
    exact = format_datetime(at, _PATTERN[lang], locale=_locale(lang))
    passed = format_timedelta(timedelta(seconds=(ms - now) // 1000), add_direction=True, locale=_locale(lang))
    return Markup('<time datetime="{}" title="{}">{}</time>').format(_utc(ms), exact, passed)


def span(lang: Lang, seconds: float) -> str:
    """Return a length of time in words, exact enough for a glance."""
    if seconds < 90:
        digits = 2 if seconds < 1 else 1 if seconds < 10 else None
        return f"{number(lang, round(seconds, digits))} {'giây' if lang == VI else 's'}"
    return str(format_timedelta(timedelta(seconds=seconds), threshold=1.5, locale=_locale(lang)))


def midnight(now: int) -> int:
    """Return when the day of `now` began in Vietnam, both in ms since 1970 UTC."""
    offset = 7 * 3_600_000
    return (now + offset) // _DAY_MS * _DAY_MS - offset


def _utc(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def _locale(lang: Lang) -> Locale:
    return Locale.parse({VI: "vi_VN", EN: "en_GB"}[lang])
