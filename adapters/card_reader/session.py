"""One card in one reader, ours alone for some seconds: the channel that the chip is spoken to through."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import NamedTuple, TypeVar

from adapters.card_reader.channel import takes_extended
from adapters.card_reader.failure import Code, Failed
from adapters.card_reader.pcsc import Context, call, is_virtual, scard

#: Seconds that one card may take, from its insertion being seen to its result.
SECONDS = 15.0
#: Seconds more for what can't be interrupted, such as one command that hangs in the reader.
_GRACE = 1.0
#: Bytes that every answer of a card ends with.
_STATUS = 2
T = TypeVar("T")


class Slot(NamedTuple):
    """Where a card is read, and how long that may take."""

    reader: str
    seconds: float = SECONDS
    #: Whether a reader without a real card in it will do; for tests only.
    virtual: bool = False


class CardSession:
    """A `Channel` to the card in a reader; nobody else can talk to it meanwhile. For one thread; close it."""

    def __init__(self, slot: Slot) -> None:
        """Raises `Failed`: virtual_reader, service_unavailable, reader_unavailable, reader_busy, card_removed,
        not_a_citizen_card."""
        if is_virtual(slot.reader) and not slot.virtual:
            raise Failed(Code.virtual_reader)
        self._deadline = time.monotonic() + slot.seconds
        self._context = Context()
        try:
            self._card, self._protocol = self._connect(slot.reader)
        except BaseException:
            self._context.release()
            raise
        self.extended = takes_extended(self._atr())

    def __enter__(self) -> CardSession:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def transmit(self, command: bytes) -> bytes:
        """Send one APDU; return the answer's data and its two status bytes. Raises `Failed`."""
        self._check_time()
        (answer,) = call("SCardTransmit", self._card, self._protocol, list(command))
        self._check_time()
        if len(answer) < _STATUS:  # how some drivers tell that the card went away in the middle
            raise Failed(Code.card_removed)
        return bytes(answer)

    def close(self) -> None:
        """Take the power from the card, so that it forgets the keys of this session, and let others have it."""
        library = scard()
        library.SCardDisconnect(self._card, library.SCARD_UNPOWER_CARD)
        self._context.release()

    def _connect(self, reader: str) -> tuple[object, int]:
        library = scard()
        protocols = library.SCARD_PROTOCOL_T0 | library.SCARD_PROTOCOL_T1
        card, protocol = call("SCardConnect", self._context.handle, reader, library.SCARD_SHARE_EXCLUSIVE, protocols)
        return card, int(protocol)

    def _atr(self) -> bytes:
        try:
            return bytes(call("SCardStatus", self._card)[-1])
        except Failed:
            return b""  # promises nothing; the first command will tell what is wrong

    def _check_time(self) -> None:
        if time.monotonic() > self._deadline:
            raise Failed(Code.timeout)


def with_card(slot: Slot, work: Callable[[CardSession], T]) -> T:
    """Do something with the card in a reader, in a thread of its own, and give up when its time is over.

    Raises `Failed`, also when a command hangs in the reader: its thread then closes the session whenever it comes back.
    """
    results: SimpleQueue[T | BaseException] = SimpleQueue()

    def run() -> None:
        try:
            with CardSession(slot) as session:
                result: T | BaseException = work(session)
        except BaseException as error:
            result = error
        results.put(result)

    thread = threading.Thread(target=run, name=f"card in {slot.reader}", daemon=True)
    thread.start()
    try:
        result = results.get(timeout=slot.seconds + _GRACE)
    except Empty:
        raise Failed(Code.timeout) from None
    thread.join(_GRACE)
    if isinstance(result, BaseException):
        raise result
    return result
