"""Waits for a card in a reader that may be used."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.pcsc import is_virtual
from adapters.card_reader.watching import Watcher

#: Seconds that the service or the reader may be away, as while pcscd is started again.
_PATIENCE = 3.0
_LOOK = 0.5


class Place(NamedTuple):
    """Where a card may be."""

    #: A reader's name or a part of it; None: any.
    reader: str | None = None
    #: Whether readers without a real card will do; for tests only.
    virtual: bool = False

    def fits(self, reader: str) -> bool:
        """Whether a reader is meant."""
        return self.reader is None or self.reader.casefold() in reader.casefold()

    def allows(self, reader: str) -> bool:
        """Whether it may be used."""
        return self.virtual or not is_virtual(reader)


def wait_for_card(place: Place, seconds: float, tell: Callable[[Code], None] = lambda _: None) -> str:
    """Return the reader that has a card in it, or gets one in so many seconds.

    Raises `Failed`: service_unavailable, reader_unavailable (also for a name that no reader has), virtual_reader
    (there is no other), timeout. `tell` hears now and then which of these it would be by now.
    """
    ends, patient = time.monotonic() + seconds, time.monotonic() + min(seconds, _PATIENCE)
    with Watcher() as watcher:
        watcher.poll()
        while (found := _card(watcher, place)) is None:
            state, now = _state(watcher, place), time.monotonic()
            if now >= (ends if state is Code.timeout else patient) or state is Code.virtual_reader:
                raise Failed(state)
            if state is Code.timeout:
                patient = min(ends, now + _PATIENCE)
            tell(state)
            watcher.poll(min(_LOOK, max(0.0, ends - now)))
    return found


def _card(watcher: Watcher, place: Place) -> str | None:
    readers = watcher.readers.items()
    return next((name for name, there in readers if there and place.fits(name) and place.allows(name)), None)


def _state(watcher: Watcher, place: Place) -> Code:
    """Return what would be to blame if it were too late now."""
    if not watcher.service:
        return Code.service_unavailable
    meant = [name for name in watcher.readers if place.fits(name)]
    if not meant:
        return Code.reader_unavailable
    return Code.timeout if any(place.allows(name) for name in meant) else Code.virtual_reader
