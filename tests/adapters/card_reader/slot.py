"""Puts a virtual card into a virtual reader: speaks the protocol of vsmartcard's driver for it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Protocol

from adapters.card_reader.watching import Watcher
from tests.adapters.card_reader.stack import Stack

#: Seconds. After a card was pulled out of a session, pcscd 1.9 never sees another that comes before its next look (it
#: looks every 0.4 s): the end of the session has emptied the reader, and its watching thread believes that the old card
#: is still there. It sees it after the next removal.
_NOTICED = 0.6
_OFF, _ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"


class Card(Protocol):
    """A virtual card."""

    @property
    def atr(self) -> bytes:
        """What it answers to a reset."""

    def reset(self) -> None:
        """Forget the session: it was powered or reset."""

    def answer(self, command: bytes) -> bytes:
        """Return the answer to one APDU. Raises `PulledOut` to be pulled out instead."""


class PulledOut(Exception):
    """The citizen takes the card away."""


class Readers(Protocol):
    """Where the slots are."""

    def connect(self, slot: int) -> socket.socket:
        """Return the socket on which the card of a slot is."""


class Inserted:
    """A card in a slot, served by a thread of its own, until it is pulled out."""

    def __init__(self, readers: Readers, slot: int, card: Card) -> None:
        self._line, self._card = readers.connect(slot), card
        self._in_session = False
        self._thread = threading.Thread(target=self._serve, name=f"card in slot {slot}", daemon=True)
        self._thread.start()

    def __enter__(self) -> Inserted:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.pull_out()

    def pull_out(self) -> None:
        """Take the card away; the service notices it at its next look."""
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)
        self._thread.join(20)
        self._line.close()
        if self._in_session:
            time.sleep(_NOTICED)

    def _serve(self) -> None:
        try:
            while True:
                message = self._receive()
                answer = self._answered(message)
                if answer is not None:
                    self._line.sendall(len(answer).to_bytes(2) + answer)
        except PulledOut:
            self._in_session = True
        except (OSError, EOFError):
            pass
        with suppress(OSError):
            self._line.shutdown(socket.SHUT_RDWR)

    def _answered(self, message: bytes) -> bytes | None:
        if message == _ATR:  # asked again and again, also in a session: it changes nothing
            return self._card.atr
        if message in (_OFF, _ON, _RESET):
            self._card.reset()
            return None
        return self._card.answer(message)

    def _receive(self) -> bytes:
        return self._exactly(int.from_bytes(self._exactly(2)))

    def _exactly(self, count: int) -> bytes:
        content = b""
        while len(content) < count:
            # the driver sends in two pieces: without this the second one waits 40 ms for our acknowledgement
            self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            part = self._line.recv(count - len(content))
            if not part:
                raise EOFError
            content += part
        return content


@contextmanager
def seen(stack: Stack, card: Card, slot: int = 0) -> Iterator[str]:
    """Put a card in, wait until the service has seen it, and yield the reader's name."""
    with Inserted(stack, slot, card), Watcher() as watcher:
        reader = f"Virtual PCD 00 0{slot}"
        wait_for(watcher, lambda: watcher.readers.get(reader, False))
        yield reader


def wait_for(watcher: Watcher, condition: Callable[[], bool]) -> None:
    """Watch until it is so."""
    deadline = time.monotonic() + 20
    watcher.poll(1)
    while not condition():
        assert time.monotonic() < deadline, watcher.readers
        watcher.poll(1)
