"""Watches readers and cards: what was plugged in, inserted, pulled out. Outlives every restart of the service."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum, auto
from types import TracebackType
from typing import NamedTuple

from adapters.card_reader.failure import Failed
from adapters.card_reader.pcsc import UNKNOWN_READER, Context, Refused

#: Seconds that are waited at a stretch: signals are heard, and new readers found, after that at the latest.
_SLICE = 0.4
#: The bit of a reader's state (PC/SC part 5) that says: a card is there.
_PRESENT = 0x20
_COUNTER = 16  # above it pcsc-lite counts insertions and removals


class What(StrEnum):
    """What can happen at a counter."""

    service_up = auto()
    service_down = auto()
    reader_added = auto()
    reader_removed = auto()
    card_inserted = auto()
    card_removed = auto()


class Change(NamedTuple):
    """One thing that happened; `reader` is empty for the service itself."""

    what: What
    reader: str = ""


class Watcher:
    """Tells what changes. For one thread; `close` it at the end. It starts knowing nothing, so that all that is there
    is told first."""

    def __init__(self, connect: Callable[[], Context] = Context) -> None:
        self._connect = connect
        self._context: Context | None = None
        self._states: dict[str, int] = {}

    def __enter__(self) -> Watcher:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def service(self) -> bool:
        """Whether the service answered when it was last asked."""
        return self._context is not None

    @property
    def readers(self) -> Mapping[str, bool]:
        """Every reader, and whether a card is in it."""
        return {name: bool(state & _PRESENT) for name, state in self._states.items()}

    def poll(self, seconds: float = 0.0) -> list[Change]:
        """Wait for changes, at most so long; return them in their order, or nothing.

        A service that is away is no error: what was there is told as removed, then it is looked for again. Raises
        `ModuleNotFoundError` without pyscard.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = max(0.0, deadline - time.monotonic())
            changes = self._look(min(left, _SLICE))
            if changes or time.monotonic() >= deadline:
                return changes

    def close(self) -> None:
        """Let go of the service."""
        if self._context is not None:
            self._context.release()
        self._context, self._states = None, {}

    def _look(self, seconds: float) -> list[Change]:
        try:
            changes = [] if self._context else [Change(What.service_up)]
            self._context = self._context or self._connect()
            changes += self._list(self._context)
            if not self._states:
                time.sleep(0 if changes else seconds)
                return changes
            return changes + self._wait(self._context, 0 if changes else seconds)
        except Failed:
            lost = list(self._lost())
            time.sleep(0 if lost else seconds)
            return lost

    def _list(self, context: Context) -> list[Change]:
        names = context.readers()
        changes = [change for name in self._states if name not in names for change in self._without(name)]
        changes += [Change(What.reader_added, name) for name in names if name not in self._states]
        self._states = {name: self._states.get(name, 0) for name in names}
        return changes

    def _wait(self, context: Context, seconds: float) -> list[Change]:
        try:
            now = context.states(self._states, seconds)
        except Refused as refused:
            if refused.number == UNKNOWN_READER:  # unplugged just now: the next list is without it
                return []
            raise
        before, self._states = self._states, now
        return [Change(what, name) for name in now for what in _told(before[name], now[name])]

    def _lost(self) -> Iterator[Change]:
        if self._context is None:
            return
        for name in self._states:
            yield from self._without(name)
        yield Change(What.service_down)
        self.close()

    def _without(self, name: str) -> Iterator[Change]:
        if self._states[name] & _PRESENT:
            yield Change(What.card_removed, name)
        yield Change(What.reader_removed, name)


def _told(before: int, now: int) -> Iterator[What]:
    """Tell what two states of a reader say: a card may have been changed for another between two looks."""
    was, there = bool(before & _PRESENT), bool(now & _PRESENT)
    moved = ((now >> _COUNTER) - (before >> _COUNTER)) & 0xFFFF
    if was and (not there or moved > 1):
        yield What.card_removed
    if there and (not was or moved > 1):
        yield What.card_inserted
