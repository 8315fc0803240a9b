"""The counter at work: a card on a reader and a key from the operator make a reading, an event, and then a result."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from adapters.card_reader.failure import Failed
from adapters.card_reader.key import Key
from adapters.card_reader.producer.counter import words
from adapters.card_reader.producer.counter.desk import Desk, Seat, Shown
from adapters.card_reader.producer.outbox import Waiting
from adapters.card_reader.producer.outbox_file import Stopped
from adapters.card_reader.producer.outcome import Explain, finding_of, shown
from adapters.card_reader.producer.recorder import Recorder
from adapters.card_reader.result import Reading
from adapters.card_reader.watching import Change, What

_LOG = logging.getLogger(__name__)
#: Characters of the longest QR code or MRZ.
_LONGEST = 3000
#: Where the page shows what needs no reader.
CODE = "QR"


class Watching(Protocol):
    """Who sees readers and cards."""

    def poll(self, seconds: float) -> list[Change]:
        """Wait so long for changes and return them."""


class Readers(NamedTuple):
    """How cards and codes are read, and what is said about them. A card or a code makes none of it raise anything."""

    #: The key in what an operator typed or scanned. Raises `Failed`: it is none.
    key: Callable[[str], Key]
    #: Called when a card is put into the reader of this name: what then reads it, with one key after the other.
    card: Callable[[str], Callable[[Key], Reading]]
    #: Reads a QR code's content.
    code: Callable[[str], Reading]
    explain: Explain


@dataclass(slots=True)
class Counter:
    """One counter, with all its readers."""

    recorder: Recorder
    read: Readers
    purposes: Sequence[str]
    #: Told when there is something to send.
    wake: Callable[[], None] = lambda: None
    desk: Desk = field(default_factory=Desk)

    def watch(self, watcher: Watching, stop: threading.Event, on_turn: Callable[[], None] = lambda: None) -> None:
        """Follow readers and cards until told to stop."""
        while not stop.is_set():
            for change in watcher.poll(0.5):
                self.happened(change)
            self.desk.tidy()
            on_turn()

    def happened(self, change: Change) -> None:
        """Note what happened to a reader."""
        with self.desk.changing() as seats:
            if change.what in (What.service_up, What.service_down):
                self.desk.service = change.what is What.service_up
                return
            seat = seats.setdefault(change.reader, Seat())
            seat.there = change.what is not What.reader_removed
            if change.what is What.card_inserted:
                # what is shown would be taken for a result of this card
                seat.card, seat.result, seat.event_id = self.read.card(change.reader), None, None
            elif change.what is not What.reader_added:
                seat.card = None

    def ask(self, text: str, purpose: str, reader: str | None = None, *, code: bool = False) -> words.Words | None:
        """Take a key from the operator and start reading; return what is wrong with it, in words, or None.

        `code`: there is no card, only its QR code, and `text` is that.
        """
        if purpose not in self.purposes:
            return words.PURPOSE
        try:
            self.recorder.outbox.check()
        except Stopped as stopped:
            return words.STOPS[stopped.why]
        if len(text) > _LONGEST:
            return words.WRONG
        if code:
            return self._ask_code(text, purpose)
        try:
            key = self.read.key(text)
        except Failed:
            return words.WRONG
        return self._ask_card(key, purpose, reader)

    def answered(self, event: Waiting, answer: Mapping[str, Any]) -> None:
        """Show what the hub said of an event."""
        self.desk.answered(event.id, words.answer_words(answer))

    def _ask_code(self, text: str, purpose: str) -> words.Words | None:
        reading = self.read.code(text)
        if reading.level is None:
            return words.NO_CODE
        self._report(Shown(CODE), reading, purpose)
        return None

    def _ask_card(self, key: Key, purpose: str, reader: str | None) -> words.Words | None:
        with self.desk.changing() as seats:
            ready = [name for name, seat in seats.items() if seat.card is not None and name == (reader or name)]
            if len(ready) != 1:
                return words.WHICH if ready else words.NOBODY
            seat = seats[ready[0]]
            if seat.reading or seat.card is None:
                return words.BUSY
            card, seat.reading, seat.result, seat.event_id = seat.card, True, None, None
        work = partial(self._work, Shown(ready[0], card), key, purpose)
        threading.Thread(target=work, daemon=True, name="one card").start()
        return None

    def _work(self, where: Shown, key: Key, purpose: str) -> None:
        """Read one card. Whatever goes wrong, the seat is free again, and nothing about the card is told."""
        assert where.card is not None  # noqa: S101 - as `_ask_card` makes it
        try:
            self._report(where, where.card(key), purpose)
        except Exception as error:
            # without its text and without the lines of the trace: there may be data of the card in them
            _LOG.error("a card could not be read: %s", type(error).__name__)
            self.desk.show(where, {**words.BROKEN.toned("fail"), "answer": None})

    def _report(self, where: Shown, reading: Reading, purpose: str) -> None:
        """Keep the event first; only when it is safe does anybody see the result."""
        finding = finding_of(reading, purpose)
        result, event_id = shown(reading, self.read.explain), None
        if finding is not None:
            try:
                event_id = self.recorder.record(finding).id
            except Stopped as stopped:
                self.desk.show(where, {**words.STOPS[stopped.why].toned("fail"), "answer": None})
                return
            result["answer"] = words.KEPT.toned("quiet")
        self.desk.show(where, result, event_id)
        self.wake()
