"""A clock that jumps, by hours and both ways: what has failed comes again by its schedule, and is never held up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from consumers.clock import Watch, too_late
from consumers.loop import deliver_forever, deliver_once
from hub.deliveries import PutOff, Request
from hub.deliveries.tables import held
from replay.schedule import Schedule
from tests.consumers.agency import AGENCY, Scene, build, message

HOUR = 3600.0
MINUTE, TEN_HOURS = 60_000, 36_000_000
#: Tried again after a minute, and after ten hours.
SCHEDULE = Schedule((MINUTE, TEN_HOURS))


class Turns:
    """Lets a loop turn so often."""

    def __init__(self, turns: int) -> None:
        self.left = turns

    def is_set(self) -> bool:
        self.left -= 1
        return self.left < 0

    def wait(self, _timeout: float) -> bool:
        return True


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    """An agency that dislikes one event, and a schedule that brings it again."""
    scene = build(tmp_path)
    scene.agency.dislikes = {"e1"}
    scene.change(schedule=SCHEDULE)
    yield scene
    scene.close()


def tries(scene: Scene) -> int:
    """Return how often the disliked event was tried."""
    return sum("e1" in call for call in scene.agency.calls)


def turn(scene: Scene, watch: Watch | None = None) -> bool:
    """Look at the clock, as the loop does, and hand out; return whether anything was brought forward."""
    found = watch.look(scene.feed, mine=True) if watch else False
    while not deliver_once(scene.feed).idle:
        ...
    return found


def test_a_clock_that_goes_back_by_hours_holds_up_nothing_that_it_has_put_off(scene: Scene) -> None:
    watch = Watch()
    scene.clock.seconds += 8 * HOUR  # ahead, nobody has noticed
    scene.publish(message("e1", "p1"), message("e2", "p1"))
    turn(scene, watch)
    scene.clock.seconds += 61
    turn(scene, watch)
    assert tries(scene) == 2, "put off by ten hours now"
    scene.clock.seconds -= 8 * HOUR
    scene.agency.dislikes = set()
    assert turn(scene, watch)
    assert scene.agency.ids == ["e1", "e2"]
    assert not turn(scene, watch), "once is enough"


def test_a_clock_that_jumps_ahead_brings_forward_what_is_due_by_then_and_loses_nothing(scene: Scene) -> None:
    watch = Watch()
    scene.publish(message("e1", "p1"))
    turn(scene, watch)
    scene.clock.seconds += 8 * HOUR
    turn(scene, watch)
    assert tries(scene) == 2
    scene.clock.seconds -= 8 * HOUR - 120
    scene.agency.dislikes = set()
    turn(scene, watch)
    assert scene.agency.ids == ["e1"]


def test_a_clock_that_goes_as_it_should_brings_nothing_forward(scene: Scene) -> None:
    watch = Watch()
    scene.publish(message("e1", "p1"))
    for seconds in (0, 61, 3600, -3, 3600):
        scene.clock.seconds += seconds
        assert not turn(scene, watch)
    assert tries(scene) == 2
    scene.clock.seconds += 10 * HOUR
    turn(scene, watch)
    assert tries(scene) == 3


def test_what_somebody_asked_for_by_a_clock_ahead_comes_when_the_clock_is_right(scene: Scene) -> None:
    scene.change(schedule=Schedule())
    scene.publish(message("e1", "p1"))
    turn(scene)
    scene.agency.dislikes = set()
    scene.store.make_due(held.c.agency == AGENCY, Request("lan", "mended", scene.clock.now + 5 * TEN_HOURS))
    turn(scene)
    assert scene.agency.ids == []
    deliver_forever(scene.feed, Turns(2))
    assert scene.agency.ids == ["e1"], "a loop that begins looks whether a clock was ahead"


def test_who_takes_a_feed_over_looks_and_who_does_not_hand_it_out_touches_nothing(scene: Scene) -> None:
    scene.clock.seconds += 8 * HOUR
    scene.publish(message("e1", "p1"))
    turn(scene)
    scene.clock.seconds -= 8 * HOUR
    other = Watch()
    assert not other.look(scene.feed, mine=False)
    assert other.look(scene.feed, mine=True)


NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("one", "late"),
    [
        (PutOff(1, NOW + TEN_HOURS, 2, "constraint", NOW - 10, None, False), False),
        (PutOff(1, NOW + TEN_HOURS, 2, "constraint", NOW, None, False), False),
        (PutOff(1, NOW + TEN_HOURS + MINUTE, 2, "constraint", NOW, None, False), True),
        (PutOff(1, NOW + 2 * TEN_HOURS, 2, "constraint", NOW + TEN_HOURS, None, False), True),
        (PutOff(1, NOW + TEN_HOURS, 3, "constraint", NOW, None, False), True),
        (PutOff(1, NOW + TEN_HOURS, 0, "", None, NOW - 5, False), True),
        (PutOff(1, NOW + TEN_HOURS, 2, "constraint", NOW, NOW + 5, False), True),
        (PutOff(1, NOW + TEN_HOURS, 2, "constraint", NOW, None, True), True),
    ],
)
def test_only_the_schedule_puts_off_for_long_and_from_the_last_attempt_on(
    scene: Scene, one: PutOff, late: bool
) -> None:
    assert too_late(scene.feed, one, NOW) is late
