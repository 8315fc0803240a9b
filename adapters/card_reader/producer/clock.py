"""The counter's clock, and whether a time server has set it: the kernel knows (adjtimex(2), STA_UNSYNC)."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable

from adapters.card_reader.producer.event import Moment

#: How a moment is asked for.
Clock = Callable[[], Moment]
#: adjtimex(2) returns this when the clock is not synchronised.
_TIME_ERROR = 5
#: Bytes of `struct timex` on every platform that we know, and more.
_TIMEX = 512


def now() -> Moment:
    """Return the present moment."""
    return Moment(time.time_ns() // 1_000_000, _state())


def _state() -> str:
    question = ctypes.create_string_buffer(_TIMEX)  # all zero: `modes` 0 only asks
    try:
        answer = ctypes.CDLL(None, use_errno=True).adjtimex(question)
    except (OSError, AttributeError):
        return "unknown"
    if answer < 0:
        return "unknown"  # a sandbox may forbid to ask
    return "unsynced" if answer == _TIME_ERROR else "synced"
