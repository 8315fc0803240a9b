"""How far a replay is and how fast it goes, from a few looks."""

from __future__ import annotations

from hub.replays import ItemState, Kind, Plan, Replay, ReplayState
from monitoring.console.repair.progress import Following, Sample, progress_of, with_sample


def _replay(ended: int, left: int, state: ReplayState = ReplayState.RUNNING) -> Replay:
    counts: dict[tuple[ItemState, str | None], int] = {
        (ItemState.DELIVERED, None): ended,
        (ItemState.SELECTED, None): left,
    }
    return Replay(Plan("1", Kind.DELIVERIES, {}, {}, "why", "lan", 0, 1), state, counts=counts)


def test_the_speed_is_that_of_the_last_minute() -> None:
    samples: list[Sample] = []
    for at, ended in ((0, 0), (30_000, 0), (60_000, 600), (90_000, 1200)):
        samples = with_sample(samples, Sample(at, ended), ReplayState.RUNNING)
    far = progress_of(_replay(1200, 400), samples)
    assert (far.rate, far.left, far.seconds_left, far.percent) == (20.0, 400, 20.0, 75)


def test_one_look_says_no_speed_and_a_pause_forgets_it() -> None:
    samples = with_sample([], Sample(0, 5), ReplayState.RUNNING)
    assert progress_of(_replay(5, 5), samples).rate is None
    assert with_sample(samples, Sample(1000, 5), ReplayState.PAUSED) == []


def test_a_clock_that_went_back_says_no_speed() -> None:
    samples = with_sample([Sample(10_000, 5)], Sample(1_000, 6), ReplayState.RUNNING)
    assert progress_of(_replay(6, 5), samples).rate is None


def test_it_is_whole_only_when_nothing_is_left() -> None:
    assert [progress_of(_replay(*one)).percent for one in ((999, 1), (1000, 0), (0, 0), (0, 3))] == [99, 100, 100, 0]


def test_many_consoles_take_one_look_a_second() -> None:
    looks, now = [], [0]

    def find(replay_id: str) -> Replay:
        looks.append(replay_id)
        return _replay(len(looks), 10)

    following = Following(find, lambda: now[0])
    for _ in range(50):
        following("1")
    now[0] = 1_000
    assert following("1")[1].rate == 1.0
    assert looks == ["1", "1"]
    following("1", anew=True)
    assert len(looks) == 3
