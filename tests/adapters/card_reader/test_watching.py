"""The watcher tells what happens at a real service, and outlives its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.card_reader.pcsc import Context
from adapters.card_reader.watching import Change, Watcher, What
from tests.adapters.card_reader.slot import Inserted
from tests.adapters.card_reader.stack import Stack
from tests.adapters.card_reader.virtual.card import VirtualCard
from tests.adapters.card_reader.virtual.variants import personalise

FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"


def told(watcher: Watcher, count: int) -> list[Change]:
    """Return the next changes, as many as are expected, and see that there are no more at once."""
    changes: list[Change] = []
    deadline = time.monotonic() + 20
    while len(changes) < count:
        assert time.monotonic() < deadline, changes
        changes += watcher.poll(1)
    return changes + watcher.poll()


def test_all_that_is_there_is_told_first(stack: Stack) -> None:
    with Inserted(stack, 0, VirtualCard(personalise())), Watcher() as one:
        told(one, 4)
        with Watcher() as other:
            assert other.poll() == [
                Change(What.service_up),
                Change(What.reader_added, FIRST),
                Change(What.reader_added, SECOND),
                Change(What.card_inserted, FIRST),
            ]
            assert other.readers == {FIRST: True, SECOND: False}
        assert told(one, 0) == []
    assert one.readers == {}


def test_cards_of_two_readers_come_and_go_each_by_itself(stack: Stack) -> None:
    with Watcher() as watcher:
        told(watcher, 3)
        with Inserted(stack, 1, VirtualCard(personalise())):
            assert told(watcher, 1) == [Change(What.card_inserted, SECOND)]
            with Inserted(stack, 0, VirtualCard(personalise())):
                assert told(watcher, 1) == [Change(What.card_inserted, FIRST)]
            assert told(watcher, 1) == [Change(What.card_removed, FIRST)]
        assert told(watcher, 1) == [Change(What.card_removed, SECOND)]


def test_a_card_changed_for_another_between_two_looks_is_told_as_two(stack: Stack) -> None:
    with Watcher() as watcher, Watcher() as attentive:
        told(attentive, 3)
        with Inserted(stack, 0, VirtualCard(personalise())):
            told(attentive, 1)
            told(watcher, 4)
        told(attentive, 1)
        with Inserted(stack, 0, VirtualCard(personalise())):
            told(attentive, 1)
            assert told(watcher, 2) == [Change(What.card_removed, FIRST), Change(What.card_inserted, FIRST)]


class Fickle(Context):
    """The real service; its readers come and go. No virtual reader can be plugged into a service that runs."""

    unplugged: ClassVar[set[str]] = set()

    def readers(self) -> list[str]:
        return [name for name in super().readers() if name not in self.unplugged]


def test_readers_are_plugged_in_and_unplugged_while_it_watches(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Fickle, "unplugged", {SECOND})
    with Watcher(Fickle) as watcher, Inserted(stack, 1, VirtualCard(personalise())):
        assert told(watcher, 2) == [Change(What.service_up), Change(What.reader_added, FIRST)]
        Fickle.unplugged.clear()
        assert told(watcher, 2) == [Change(What.reader_added, SECOND), Change(What.card_inserted, SECOND)]
        Fickle.unplugged.add(SECOND)
        assert told(watcher, 2) == [Change(What.card_removed, SECOND), Change(What.reader_removed, SECOND)]
        Fickle.unplugged.add(FIRST)
        assert told(watcher, 1) == [Change(What.reader_removed, FIRST)]
        assert watcher.poll(0.01) == []
        assert watcher.service


def test_the_service_comes_back_with_other_readers(stack: Stack) -> None:
    with Watcher() as watcher:
        told(watcher, 3)
        stack.stop()
        stack.configure(2)
        stack.start()
        try:
            assert [change.what for change in told(watcher, 8)] == [
                *[What.reader_removed] * 2, What.service_down, What.service_up, *[What.reader_added] * 4
            ]  # fmt: skip
            assert len(watcher.readers) == 4
        finally:
            stack.stop()
            stack.configure()
            stack.start()


@pytest.mark.parametrize("end", [Stack.stop, Stack.kill], ids=["stopped", "killed"])
def test_it_outlives_the_service_and_tells_what_went_with_it(stack: Stack, end: Callable[[Stack], None]) -> None:
    with Watcher() as watcher, Inserted(stack, 0, VirtualCard(personalise())):
        told(watcher, 4)
        end(stack)
        try:
            assert told(watcher, 4) == [
                Change(What.card_removed, FIRST),
                Change(What.reader_removed, FIRST),
                Change(What.reader_removed, SECOND),
                Change(What.service_down),
            ]
            assert watcher.poll(0.01) == []
            assert not watcher.service
        finally:
            stack.start()
        assert told(watcher, 3)[0] == Change(What.service_up)
        with Inserted(stack, 0, VirtualCard(personalise())):
            assert told(watcher, 1) == [Change(What.card_inserted, FIRST)]


def test_many_restarts_leave_nothing_open(stack: Stack) -> None:
    with Watcher() as watcher:
        told(watcher, 3)
        before = _open_files()
        for _ in range(5):
            stack.kill()
            told(watcher, 3)
            stack.start()
            told(watcher, 3)
        assert _open_files() <= before


def test_without_a_service_it_waits_and_is_no_error(stack: Stack) -> None:
    stack.stop()
    try:
        with Watcher() as watcher:
            assert watcher.poll(0.01) == []
            assert not watcher.service
    finally:
        stack.start()


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
