"""What passes by itself: a log or a database that is away for now. Then waiting and trying again is all it takes."""

from __future__ import annotations

from hub.database_errors import is_passing
from hub.eventlog import LogAway

#: Seconds between two tries: so many times as long after each, up to the longest.
_FIRST, _FACTOR, _LONGEST = 0.2, 2.0, 10.0


def passes(error: BaseException) -> bool:
    """Say whether a broken world is expected to mend itself."""
    return isinstance(error, LogAway) or is_passing(error)


def pause_after(times: int) -> float:
    """Return the seconds to wait after so many failures in a row (1 and more)."""
    return float(min(_LONGEST, _FIRST * _FACTOR ** min(times - 1, 20)))
