"""The small parts of the console: numbers and times in both languages, the throttle, curves, addresses."""

from __future__ import annotations

import pytest

from monitoring.console import languages, places
from monitoring.console.languages import EN, VI
from monitoring.console.showing import BADGES, badge_of
from monitoring.console.spark import spark_points
from monitoring.console.throttle import Throttle
from monitoring.kinds import TYPES, type_name
from schemas.catalogue import load_catalogue

#: 22 November 2026, 00:00:05 in Vietnam.
AT = 1_795_280_405_000


def test_numbers_are_written_as_each_language_does() -> None:
    assert languages.number(VI, 1234567.5) == "1.234.567,5"
    assert languages.number(EN, 1234567.5) == "1,234,567.5"


def test_times_are_vietnams_and_programs_can_read_them() -> None:
    shown = languages.moment(VI, AT)
    assert shown == '<time datetime="2026-11-21T17:00:05.000Z">00:00:05 22/11/2026</time>'
    assert ">22 Nov 2026, 00:00:05<" in languages.moment(EN, AT)
    assert languages.moment(VI, None) == ""


def test_how_long_ago_is_said_in_words() -> None:
    assert ">5 phút trước<" in languages.ago(VI, AT, AT + 300_000)
    assert ">5 minutes ago<" in languages.ago(EN, AT, AT + 300_000)


@pytest.mark.parametrize(
    ("seconds", "vi", "en"),
    [(0.123, "0,12 giây", "0.12 s"), (4.26, "4,3 giây", "4.3 s"), (600, "10 phút", "10 minutes")],
)
def test_a_length_of_time_is_exact_enough_for_a_glance(seconds: float, vi: str, en: str) -> None:
    assert (languages.span(VI, seconds), languages.span(EN, seconds)) == (vi, en)


def test_a_day_begins_at_vietnams_midnight() -> None:
    assert languages.midnight(AT) == AT - 5000
    assert languages.midnight(AT - 6000) == AT - 5000 - 86_400_000


def test_an_unknown_language_is_none() -> None:
    assert [languages.known(one) for one in ("vi", "en", "fr", None)] == [VI, EN, None, None]


def test_every_badge_has_both_languages_and_a_tone() -> None:
    for badge in BADGES.values():
        assert badge.words.vi
        assert badge.words.en
        assert badge.tone in ("good", "busy", "warn", "bad", "off")
    assert badge_of("some_new_state").words.en == "some new state"


def test_every_event_type_has_a_name_in_both_languages() -> None:
    assert TYPES.keys() == load_catalogue().types.keys()
    assert type_name("CardVerified").vi == "Xác thực thẻ tại quầy"
    assert type_name("SomethingNew").en == "Something New"


def test_a_curve_stays_in_its_box() -> None:
    points = [tuple(map(float, one.split(","))) for one in spark_points([0, 5, 10]).split()]
    assert points == [(0.0, 23.0), (48.0, 12.5), (96.0, 2.0)]
    assert spark_points([]) == "0.0,23.0 96.0,23.0"
    assert spark_points([3]) == "0.0,23.0 96.0,23.0"


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/console/events/x?a=1", "/console/events/x?a=1"),
        ("/console?lang=en", "/console?lang=en"),
        ("/console", "/console"),
        ("//evil", "/console"),
        ("/console/\r\nSet-Cookie: x", "/console"),
        ("/console/é", "/console"),
    ],
)
def test_only_our_own_pages_are_led_to(path: str, found: str) -> None:
    assert places.local(path) == found


def test_names_in_addresses_are_quoted() -> None:
    assert places.event("a/b?c") == "/console/events/a%2Fb%3Fc"


class Clock:
    """Seconds that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        """Return them."""
        return self.now


def test_the_throttle_lets_go_after_a_minute() -> None:
    clock = Clock()
    throttle = Throttle(clock)
    for _ in range(10):
        assert throttle.wait("a") == 0
        throttle.failed("a")
    assert (throttle.wait("a"), throttle.wait("b")) == (60, 0)
    clock.now = 59.5
    assert throttle.wait("a") == 1
    clock.now = 60
    assert throttle.wait("a") == 0


def test_the_throttle_remembers_a_bounded_number() -> None:
    throttle = Throttle(Clock())
    for n in range(5000):
        throttle.failed(str(n))
    assert len(throttle._failed) == 2000
