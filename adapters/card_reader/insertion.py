"""One card in a reader until it is pulled out: it is read with the key given, and wrong keys are counted."""

from __future__ import annotations

import time
from dataclasses import replace

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.key import Key
from adapters.card_reader.reading import Wish, read_card
from adapters.card_reader.result import Reading, failed
from adapters.card_reader.session import CardSession, Slot, with_card
from adapters.card_reader.trust import Trust

#: Keys that are tried on one insertion. Chips answer more and more slowly after wrong ones, and in the end not at all;
#: nearly all wrong keys are typing errors, so a second look at the card is what helps.
ATTEMPTS = 2


class Insertion:
    """A card that was put into a reader. Make a new one for every insertion that the watcher tells."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot
        self._wrong = 0

    @property
    def attempts_left(self) -> int:
        """How many more keys may be tried."""
        return ATTEMPTS - self._wrong

    def read(self, key: Key, trust: Trust, wish: Wish) -> Reading:
        """Read the card in a session of its own. What goes wrong is in the answer: `Failed` is never raised."""
        if not self.attempts_left:
            return failed(Code.too_many_attempts)
        started = time.perf_counter()

        def work(session: CardSession) -> Reading:
            connected = 1000 * (time.perf_counter() - started)
            reading = read_card(session, key, trust, wish)
            ms = {"connect": connected, **reading.ms, "total": connected + reading.ms["total"]}
            return replace(reading, ms=ms)

        try:
            reading = with_card(self._slot, work)
        except Failed as failure:
            return failed(failure.code, {"total": 1000 * (time.perf_counter() - started)})
        if reading.error is Code.access_denied:
            self._wrong += 1
        return reading
