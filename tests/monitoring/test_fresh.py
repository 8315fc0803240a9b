"""What many ask for is read once in a while, and nobody waits for a store that hangs."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from monitoring.fresh import Fresh, InTime


@dataclass
class Store:
    """Counts how often it is read; hangs and fails as told."""

    now: float = 0.0
    reads: int = 0
    trouble: Exception | None = None
    goes_on: threading.Event = field(default_factory=threading.Event)
    began: threading.Event = field(default_factory=threading.Event)

    def clock(self) -> float:
        return self.now

    def read(self) -> int:
        self.reads += 1
        self.began.set()
        assert self.goes_on.wait(60)
        if self.trouble is not None:
            raise self.trouble
        return self.reads


@pytest.fixture
def store() -> Store:
    store = Store()
    store.goes_on.set()
    return store


def test_it_is_read_once_in_the_time_and_not_before_anybody_asks(store: Store) -> None:
    fresh = Fresh(store.read, 5, store.clock)
    assert store.reads == 0
    assert [fresh(), fresh()] == [1, 1]
    store.now = 4.9
    assert fresh() == 1
    store.now = 5
    assert [fresh(), fresh()] == [2, 2]
    fresh.forget()
    assert fresh() == 3


def test_what_is_at_hand_is_not_old_and_is_never_read_for_it(store: Store) -> None:
    fresh = Fresh(store.read, 5, store.clock)
    assert fresh.at_hand() is None
    fresh()
    assert fresh.at_hand() == 1
    store.now = 5
    assert fresh.at_hand() is None
    assert store.reads == 1


def test_while_one_reads_the_others_get_the_value_before(store: Store) -> None:
    fresh = Fresh(store.read, 5, store.clock)
    fresh()
    store.now, store.began = 5, threading.Event()
    store.goes_on.clear()
    with ThreadPoolExecutor(1) as other:
        reader = other.submit(fresh)
        assert store.began.wait(60)
        assert [fresh() for _ in range(100)] == [1] * 100
        assert fresh.at_hand() == 1
        store.goes_on.set()
        assert reader.result(60) == 2
    assert store.reads == 2


def test_those_who_come_first_together_wait_for_one_reader(store: Store) -> None:
    fresh = Fresh(store.read, 5, store.clock)
    store.goes_on.clear()
    with ThreadPoolExecutor(20) as many:
        answers = [many.submit(fresh) for _ in range(20)]
        assert store.began.wait(60)
        store.goes_on.set()
        assert {answer.result(60) for answer in answers} == {1}
    assert store.reads == 1


def test_a_failure_is_told_to_all_and_tried_again_when_it_is_old(store: Store) -> None:
    fresh = Fresh(store.read, 5, store.clock)
    store.trouble = OSError("away")
    for _ in range(3):
        with pytest.raises(OSError, match="away"):
            fresh()
    assert store.reads == 1
    store.trouble, store.now = None, 5
    assert fresh() == 2


def test_nobody_waits_longer_than_told_and_there_is_never_a_second_look_beside_a_slow_one(store: Store) -> None:
    in_time = InTime(store.read, 0.01)
    store.goes_on.clear()
    for _ in range(3):
        with pytest.raises(TimeoutError):
            in_time()
    assert store.reads == 1
    store.goes_on.set()
    assert InTime(in_time, 60)() in (1, 2)


def test_what_a_look_in_time_raises_is_told(store: Store) -> None:
    store.trouble = OSError("away")
    with pytest.raises(OSError, match="away"):
        InTime(store.read, 60)()
