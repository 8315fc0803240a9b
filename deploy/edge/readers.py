"""Puts together what reads cards and codes at a counter: the sessions, the trust bundle, the words."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.insertion import Insertion
from adapters.card_reader.key import Key
from adapters.card_reader.producer.service import Readers
from adapters.card_reader.qr import qr_of
from adapters.card_reader.reading import Wish
from adapters.card_reader.result import Checks, Document, Level, Reading, failed
from adapters.card_reader.session import Slot
from adapters.card_reader.trust import Trust, load_trust
from deploy.edge.keys import key_of_lines
from deploy.edge.words import CODES, LEVELS
from monitoring.words import Words


class FreshTrust:
    """The trust bundle, read again when its folder has changed: a new CRL needs no restart."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._seen, self._trust = self._look(), load_trust(folder)

    def __call__(self) -> Trust:
        """Return it as it is now. A folder that can't be read now leaves it as it was."""
        with self._lock:
            seen = self._look()
            if seen and seen != self._seen:
                self._seen, self._trust = seen, load_trust(self._folder)
            return self._trust

    def _look(self) -> list[tuple[str, int, int]]:
        try:
            found = [(file.name, file.stat()) for file in self._folder.iterdir()]
        except OSError:
            return []
        return sorted((name, about.st_mtime_ns, about.st_size) for name, about in found)


def readers_of(trust: Callable[[], Trust], *, virtual: bool) -> Readers:
    """Return how a counter reads; `virtual`: also in readers without a real card, for tests."""

    def card(reader: str) -> Callable[[Key], Reading]:
        insertion = Insertion(Slot(reader, virtual=virtual))
        return lambda key: insertion.read(key, trust(), Wish(datetime.now(UTC)))

    return Readers(lambda text: key_of_lines(iter(text.splitlines())), card, read_code, explain)


def read_code(text: str) -> Reading:
    """Read the content of a card's QR code: it is unsigned."""
    try:
        return Reading(Level.QR, Checks(), None, Document(qr_of(text).number, None), {})
    except Failed as failure:
        return failed(failure.code)


def explain(reading: Reading) -> Words:
    """Say what a reading means."""
    if reading.error is not None:
        return CODES[reading.error]
    return LEVELS[reading.level] if reading.level else CODES[Code.reader_unavailable]
