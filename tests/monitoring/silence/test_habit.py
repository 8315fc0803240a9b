"""From when on a silence is out of the usual, by what a feed did before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.silence.calendar import begin_of, day_of, like
from monitoring.silence.habit import WINDOW, Habit, learn
from tests.monitoring.silence.backtest import FEEDS, FIRST, LAST, Past
from tests.monitoring.silence.office import Rhythm, hours_of

VIETNAM = timezone(timedelta(hours=7))
MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
#: A Monday, without a holiday in the window before it or in the weeks after.
MONDAY = (date(2026, 8, 3) - date(1970, 1, 1)).days
OFFICE = Rhythm(30)


def learnt(events: Sequence[int], until: int, days: int = WINDOW) -> Habit:
    """Return what is learnt from the events of the days before `until`."""
    begin, end = begin_of(until - days), begin_of(until)
    return learn(hours_of("a", [at for at in events if begin <= at < end]), until - days, until)


def habit(rhythm: Rhythm, until: int = MONDAY, seed: int = 1) -> Habit:
    """Return what is learnt from a rhythm."""
    return learnt(list(rhythm.events(until - WINDOW, until, seed)), until)


def at(hour: float, day: int = MONDAY) -> int:
    """Return a time of a day."""
    return begin_of(day) + int(hour * HOUR)


def words(moment: int | None) -> str:
    """Return weekday and time in Vietnam."""
    assert moment is not None
    return datetime.fromtimestamp(moment / 1000, VIETNAM).strftime("%a %H:%M")


def test_an_office_that_stops_in_its_busy_hours_is_found_within_the_hour() -> None:
    limit = habit(OFFICE).silent_from(at(9.1))
    assert limit is not None
    assert at(9.5) <= limit <= at(10.1)


def test_a_night_is_no_silence() -> None:
    limit = habit(OFFICE).silent_from(at(16.9))
    assert limit is not None
    assert at(7.75, MONDAY + 1) <= limit <= at(9, MONDAY + 1)


def test_a_lunch_break_is_no_silence() -> None:
    limit = habit(OFFICE).silent_from(at(11.4))
    assert limit is not None
    assert at(13.25) <= limit <= at(14.25)


def test_a_weekend_is_no_silence() -> None:
    assert words(habit(OFFICE).silent_from(at(16.9, MONDAY + 4)))[:3] == "Mon"


def test_an_office_that_opens_on_saturdays_is_missed_on_a_saturday() -> None:
    open_on_saturdays = replace(OFFICE, saturday=((7.5, 11.5),))
    assert words(habit(open_on_saturdays).silent_from(at(16.9, MONDAY + 4)))[:3] == "Sat"


def test_tet_is_no_silence_and_the_days_around_it_are_slow() -> None:
    until = (date(2026, 2, 13) - date(1970, 1, 1)).days  # the Friday before Tết, which ends on the next one
    limit = habit(OFFICE, until).silent_from(at(16.9, until))
    assert limit is not None
    assert day_of(limit) == until + 10
    busy, slow = (habit(OFFICE, until).silent_from(at(9.1, day)) for day in (until - 10, until - 1))
    assert busy is not None
    assert slow is not None
    assert slow - at(9.1, until - 1) > busy - at(9.1, until - 10)


def test_a_holiday_in_the_middle_of_the_week_is_no_silence() -> None:
    national_day = (date(2026, 9, 2) - date(1970, 1, 1)).days
    limit = habit(OFFICE, national_day - 5).silent_from(at(16.9, national_day - 5))
    assert limit is not None
    assert day_of(limit) == national_day + 1  # from Friday evening over a weekend and three days off


def test_past_holidays_do_not_weaken_what_a_weekday_says() -> None:
    until = (date(2026, 5, 11) - date(1970, 1, 1)).days
    limit = habit(OFFICE, until).silent_from(at(9.1, until))
    assert limit is not None
    assert limit <= at(10.1, until)


def test_a_feed_that_never_rests_is_missed_at_night_and_on_sundays() -> None:
    always = ((0.0, 24.0),)
    limit = habit(Rhythm(30, always, always, always)).silent_from(at(3.1, MONDAY + 6))
    assert limit is not None
    assert limit <= at(4.25, MONDAY + 6)


def test_a_batch_a_day_is_missed_after_some_days_and_not_within_its_hour() -> None:
    nightly = [at(2.4, day) for day in range(MONDAY - WINDOW, MONDAY)]
    limit = learnt(nightly, MONDAY).silent_from(at(2.4, MONDAY - 1))
    assert limit is not None
    assert MONDAY + 1 <= day_of(limit) <= MONDAY + 21
    assert words(limit) == "Mon 02:30" or words(limit)[4:] == "02:30"


def test_a_thousand_events_at_once_are_one_sign_of_life() -> None:
    every_hour = [at(hour + 0.3, day) for day in range(MONDAY - WINDOW, MONDAY) for hour in range(24)]
    as_many = learn(hours_of("a", every_hour, at_once=1000), MONDAY - WINDOW, MONDAY)
    assert as_many.silent_from(at(5.3)) == learnt(every_hour, MONDAY).silent_from(at(5.3))


def test_a_mass_run_changes_nothing() -> None:
    events = list(OFFICE.events(MONDAY - WINDOW, MONDAY, 3))
    run = [at(22, MONDAY - 17) + n * 500 for n in range(20_000)]
    before, after = learnt(events, MONDAY), learnt(sorted(events + run), MONDAY)
    assert after.silent_from(at(9.1)) == before.silent_from(at(9.1))
    assert after.silent_from(at(16.9)) == before.silent_from(at(16.9))
    assert after.usual_at(at(22)) == pytest.approx(before.usual_at(at(22)))


def test_one_silent_day_of_the_past_is_an_exception_and_two_are_a_habit() -> None:
    events = list(OFFICE.events(MONDAY - WINDOW, MONDAY, 4))

    def without(*days: int) -> int:
        limit = learnt([one for one in events if day_of(one) not in days], MONDAY).silent_from(at(9.1))
        assert limit is not None
        return limit

    assert abs(without(MONDAY - 7) - without()) <= 15 * MINUTE
    assert without(MONDAY - 7, MONDAY - 21) > without() + 6 * HOUR


def test_a_changed_rhythm_is_learnt_within_days() -> None:
    first, change, last = MONDAY - WINDOW, MONDAY, MONDAY + 12
    by_night = Rhythm(30, ((19.0, 23.0),))
    events = [*OFFICE.events(first, change, 5), *by_night.events(change, last, 5)]
    alarms = Past(events).alarms(change)
    assert alarms
    assert all(day_of(alarm) <= change + 3 for alarm in alarms)


@pytest.mark.parametrize("name", [name for name in FEEDS if "differ" not in name])
def test_twelve_weeks_of_an_office_raise_no_false_alarm(name: str) -> None:
    """From December 2025 to April 2026: with Tết, Hùng kings' day and liberation day. See docs/silence.md."""
    for seed in (100, 101):
        assert not Past(list(FEEDS[name].events(FIRST, LAST, seed))).alarms(FIRST + WINDOW)


def test_nothing_is_said_of_a_feed_that_is_almost_always_silent() -> None:
    once = [at(9, MONDAY - 20)]
    assert learnt(once, MONDAY).silent_from(once[0]) is None
    assert learnt([], MONDAY).silent_from(at(9)) is None


times = st.integers(begin_of(MONDAY), begin_of(MONDAY + 40))
rhythms = st.builds(
    Rhythm,
    rate=st.floats(0.5, 120),
    open=st.lists(st.tuples(st.integers(0, 23), st.integers(1, 12)), min_size=1, max_size=2).map(
        lambda spans: [(float(begin), float(min(24, begin + length))) for begin, length in spans]
    ),
    saturday=st.sampled_from([(), ((8.0, 11.0),)]),
    days_differ=st.sampled_from([0.0, 0.3]),
)


@settings(max_examples=25, deadline=None)
@given(
    step=st.integers(1, 15),
    begin=st.integers(0, 20),
    length=st.integers(1, 4),
    days=st.sets(st.integers(0, 6), min_size=2),
)
def test_a_feed_is_never_silent_while_it_speaks_as_ever(step: int, begin: int, length: int, days: set[int]) -> None:
    """Whatever its hours and weekdays are."""
    events = [
        at(begin, day) + minute * MINUTE
        for day in range(MONDAY - WINDOW, MONDAY + 14)
        if like(day).kind in days
        for minute in range(0, length * 60, step)
    ]
    known = learnt(events, MONDAY)
    later = [one for one in events if day_of(one) >= MONDAY - 1]
    for earlier, following in pairwise(later):
        limit = known.silent_from(earlier)
        assert limit is None or limit > following


@settings(max_examples=25, deadline=None)
@given(rate=st.integers(20, 400), begin=st.integers(0, 18), hour=st.floats(0.2, 3.5), seed=st.integers(0, 1000))
def test_a_feed_that_stops_in_its_busy_hours_is_found_within_two_hours(
    rate: int, begin: int, hour: float, seed: int
) -> None:
    rhythm = Rhythm(rate, ((float(begin), float(begin + 6)),), days_differ=0.2)
    last = at(begin + hour)
    limit = habit(rhythm, seed=seed).silent_from(last)
    assert limit is not None
    assert 15 * MINUTE <= limit - last <= 2 * HOUR


@settings(max_examples=25, deadline=None)
@given(rhythm=rhythms, seed=st.integers(0, 1000), moments=st.tuples(times, times))
def test_who_speaks_later_may_be_silent_until_later(rhythm: Rhythm, seed: int, moments: tuple[int, int]) -> None:
    known = habit(rhythm, seed=seed)
    earlier, later = sorted(moments)
    before, after = known.silent_from(earlier), known.silent_from(later)
    if before is not None:
        assert before - earlier >= 15 * MINUTE
    if before is not None and after is not None:
        assert before <= after


@settings(max_examples=10, deadline=None)
@given(rhythm=rhythms, seed=st.integers(0, 1000))
def test_how_many_events_come_at_once_does_not_matter(rhythm: Rhythm, seed: int) -> None:
    events = list(rhythm.events(MONDAY - WINDOW, MONDAY, seed))
    hours = hours_of("a", events)
    known = learn(hours, MONDAY - WINDOW, MONDAY)
    again = learn([hour._replace(events=2 * hour.events) for hour in hours], MONDAY - WINDOW, MONDAY)
    assert [again.silent_from(at(n)) for n in range(24)] == [known.silent_from(at(n)) for n in range(24)]
