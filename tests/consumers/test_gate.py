"""Only a few of many loops work at once, and one that waits for its agency keeps nobody from working."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from consumers.gate import Narrow, Open


def test_no_more_are_inside_than_there_is_room_for() -> None:
    gate, lock, inside, most = Narrow(3), threading.Lock(), set[int](), [0]

    def work(number: int) -> None:
        for _ in range(50):
            with gate:
                with lock:
                    inside.add(number)
                    most[0] = max(most[0], len(inside))
                with lock:
                    inside.remove(number)
                with gate.outside():
                    pass
                with lock:
                    assert len(inside) <= 2

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(work, range(20)))
    assert 1 <= most[0] <= 3


def test_whoever_waits_outside_keeps_nobody_from_coming_in() -> None:
    gate, over, hangs = Narrow(1), threading.Event(), threading.Event()

    def hang() -> None:
        with gate, gate.outside():
            hangs.set()
            assert over.wait(20)

    with ThreadPoolExecutor(2) as pool:
        hanging = pool.submit(hang)
        assert hangs.wait(20)
        with gate:
            assert not hanging.done()
        over.set()
        hanging.result(20)


def test_who_comes_back_goes_before_who_is_new() -> None:
    gate, order, out, back = Narrow(1), list[str](), threading.Event(), threading.Event()

    def returning() -> None:
        with gate:
            with gate.outside():
                out.set()
                assert back.wait(20)
            order.append("back")

    def new() -> None:
        with gate:
            order.append("new")

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(returning)
        assert out.wait(20)
        with gate:
            second = pool.submit(new)
            while not gate._new:
                assert not second.done()
            back.set()
            while not gate._back:
                assert not first.done()
        first.result(20)
        second.result(20)
    assert order == ["back", "new"]


def test_an_error_of_the_agency_leaves_the_room_as_it_was() -> None:
    gate = Narrow(1)
    for _ in range(3):
        try:
            with gate, gate.outside():
                raise ValueError
        except ValueError:
            pass
    with gate:
        pass


def test_a_few_loops_need_no_gate() -> None:
    assert isinstance(Narrow.among(20), Open)
    assert isinstance(Narrow.among(21), Narrow)
    with Open() as gate, Open().outside():
        assert gate is None
