"""What is on the desk now: readers, cards, results. The page looks at it; whoever waits for a change is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from adapters.card_reader.key import Key
from adapters.card_reader.result import Reading

#: Seconds that a result stays on the page.
SHOWN = 60.0
#: Answers that may come before the result that they are about is shown.
_EARLY = 16


@dataclass(slots=True)
class Seat:
    """One reader."""

    #: Whether it is plugged in.
    there: bool = False
    #: Reads the card that is in it; None: there is none.
    card: Callable[[Key], Reading] | None = None
    reading: bool = False
    #: What the page shows of the last card.
    result: dict[str, Any] | None = None
    #: The event of the last card, and when it was shown (monotonic seconds).
    event_id: str | None = None
    since: float = field(default=0.0)

    def as_json(self, name: str) -> dict[str, Any]:
        """Return what the page may know."""
        state = "reading" if self.reading else "card" if self.card is not None else "empty"
        return {"name": name, "state": state, "result": self.result}


class Shown(NamedTuple):
    """Where a result belongs: to a reader, and to the card that was in it."""

    reader: str
    card: Callable[[Key], Reading] | None = None


class Desk:
    """All readers of a counter. For any number of threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._version = 0
        self._closed = False
        self.seats: dict[str, Seat] = {}
        #: Answers to events whose result is not on the page yet, the latest last.
        self._early: dict[str, Mapping[str, Any]] = {}
        #: Whether pcscd is there.
        self.service = False

    @contextmanager
    def changing(self) -> Iterator[dict[str, Seat]]:
        """Change something; who waits looks again."""
        with self._changed:
            yield self.seats
            self._version += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Let nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def touch(self) -> None:
        """Something that the page shows beside the desk may have changed."""
        with self.changing():
            pass

    def show(self, where: Shown, result: dict[str, Any], event_id: str | None = None) -> None:
        """Show what became of a card, unless another one is in its reader now."""
        with self.changing() as seats:
            seat = seats.setdefault(where.reader, Seat())
            seat.reading = False
            if seat.card is not None and seat.card is not where.card:
                return
            answer = self._early.pop(event_id, None) if event_id else None
            seat.result = {**result, "answer": answer} if answer else result
            seat.event_id, seat.since = event_id, time.monotonic()

    def answered(self, event_id: str, answer: Mapping[str, Any]) -> None:
        """Show what the hub says of an event, where it is still on the page."""
        with self.changing() as seats:
            found = [seat for seat in seats.values() if seat.event_id == event_id]
            for seat in found:
                seat.result = {**(seat.result or {}), "answer": answer}
            if not found:
                self._early[event_id] = answer
                while len(self._early) > _EARLY:
                    del self._early[next(iter(self._early))]

    def clear(self, name: str | None = None) -> None:
        """Take results off the page: one reader's, or all."""
        with self.changing() as seats:
            for one, seat in seats.items():
                if name in (None, one):
                    seat.result = seat.event_id = None

    def tidy(self) -> None:
        """Take off what has been there long enough."""
        old = time.monotonic() - SHOWN
        if any(seat.result is not None and seat.since < old for seat in tuple(self.seats.values())):
            with self.changing() as seats:
                for seat in seats.values():
                    if seat.since < old:
                        seat.result = seat.event_id = None

    def look(self, after: int, seconds: float) -> dict[str, Any]:
        """Return how it is, as soon as it is not as it was at version `after`, and after so many seconds anyway."""
        with self._changed:
            self._changed.wait_for(lambda: self._version != after or self._closed, seconds)
            shown = [(name, seat) for name, seat in sorted(self.seats.items()) if seat.there or seat.result]
            readers = [seat.as_json(name) for name, seat in shown]
            return {"version": self._version, "service": self.service, "readers": readers}
