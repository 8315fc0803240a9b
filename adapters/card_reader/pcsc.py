"""The thin, typed face of pyscard: how a counter calls the smart card service, and what its refusals mean."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Mapping
from functools import cache
from typing import Any

from adapters.card_reader.failure import Code, Failed

_LIBRARY = "libpcsclite.so.1"

#: What PC/SC (part 5, and winscard.h of pcsc-lite) answers, and what that means at a counter.
TIMEOUT = 0x8010000A
UNKNOWN_READER = 0x80100009
NO_READERS = 0x8010002E
_SERVICE_STOPPED = 0x8010001E
_MEANINGS: Mapping[int, Code] = {
    0x80100003: Code.service_unavailable,  # invalid handle: of a service that has been started anew
    UNKNOWN_READER: Code.reader_unavailable,
    TIMEOUT: Code.timeout,
    0x8010000B: Code.reader_busy,  # sharing violation
    0x8010000C: Code.card_removed,  # no smart card
    0x8010000F: Code.not_a_citizen_card,  # neither T=0 nor T=1
    0x80100013: Code.service_unavailable,  # the connection to the service broke
    0x80100016: Code.card_removed,  # not transacted: how a card pulled out mid-command shows
    0x80100017: Code.reader_unavailable,
    0x8010001D: Code.service_unavailable,
    _SERVICE_STOPPED: Code.service_unavailable,
    NO_READERS: Code.reader_unavailable,
    0x80100065: Code.not_a_citizen_card,  # unsupported card
    0x80100066: Code.not_a_citizen_card,  # unresponsive: the wrong side up, or no chip card
    0x80100067: Code.card_removed,  # unpowered
    0x80100068: Code.card_removed,  # reset: what was opened is gone
    0x80100069: Code.card_removed,
    0x8010006A: Code.service_unavailable,  # security violation: polkit lets us not in
}


class Refused(Failed):
    """The service answered with an error."""

    def __init__(self, number: int) -> None:
        super().__init__(_MEANINGS.get(number, Code.reader_unavailable))
        #: PC/SC's own code, such as 0x8010000B.
        self.number = number


@cache
def scard() -> Any:
    """Return pyscard's module. Raises `Failed` (service_unavailable) without PC/SC's library: pyscard would crash."""
    if sys.platform == "linux":
        try:
            ctypes.CDLL(_LIBRARY)
        except OSError:
            raise Failed(Code.service_unavailable) from None
    from smartcard import scard as module

    return module


def call(name: str, *arguments: Any) -> list[Any]:
    """Call a function of PC/SC; return what it gives besides its result. Raises `Failed`, mostly as `Refused`."""
    try:
        answer = getattr(scard(), name)(*arguments)
    except SystemError:  # pyscard's own mistake when the service breaks in the middle
        raise Refused(_SERVICE_STOPPED) from None
    result, *rest = answer if isinstance(answer, list | tuple) else (answer,)
    if result:
        raise Refused(int(result) & 0xFFFFFFFF)
    return rest


class Context:
    """One connection to the service, for one thread at a time."""

    def __init__(self) -> None:
        """Raises `Failed`."""
        (self.handle,) = call("SCardEstablishContext", scard().SCARD_SCOPE_SYSTEM)

    def readers(self) -> list[str]:
        """Return the names of all readers. Raises `Failed`."""
        try:
            (names,) = call("SCardListReaders", self.handle, [])
        except Refused as refused:
            if refused.number == NO_READERS:
                return []
            raise
        return list(dict.fromkeys(map(str, names)))  # two readers of one name can't be told apart

    def states(self, known: Mapping[str, int], seconds: float) -> dict[str, int]:
        """Wait until a reader's state is no more what is known, at most so long; return all states.

        Raises `Failed`; `Refused` with UNKNOWN_READER when one was unplugged.
        """
        asked = list(known.items())
        answer = scard().SCardGetStatusChange(self.handle, int(1000 * seconds), asked)
        result = int(answer[0]) & 0xFFFFFFFF
        if result == TIMEOUT:
            return dict(known)
        if result:
            raise Refused(result)
        return {str(name): int(state) for name, state, _ in answer[1]}

    def release(self) -> None:
        """Let go of the service, which may be gone already."""
        scard().SCardReleaseContext(self.handle)


def is_virtual(reader: str) -> bool:
    """Whether a reader is the virtual one of vsmartcard: whoever reaches its port can be any card."""
    return reader.startswith("Virtual PCD")
