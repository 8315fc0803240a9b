"""How far a replay is, how fast it goes, and how long it takes yet. One look at the database serves every console."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from hub.replays import ItemState, Replay, ReplayState

#: A look serves everybody for so long, in ms.
_FRESH: Final = 1_000
#: The speed is that of the last so many ms.
_WINDOW: Final = 60_000
#: Replays that are followed at once.
_MOST: Final = 100
#: Not ended yet.
OPEN: Final = (ItemState.SELECTED, ItemState.ASKED)


class Sample(NamedTuple):
    """How many had ended at a time (ms since 1970 UTC)."""

    at: int
    ended: int


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a replay is."""

    total: int
    ended: int
    #: Deliveries per second that ended lately; None: not known yet.
    rate: float | None = None

    @property
    def left(self) -> int:
        """How many have not ended."""
        return self.total - self.ended

    @property
    def percent(self) -> int:
        """How much has ended, in whole percent; 100 only when nothing is left."""
        return 100 if not self.left else min(99, 100 * self.ended // self.total)

    @property
    def seconds_left(self) -> float | None:
        """How long it takes yet at this speed, or None."""
        return self.left / self.rate if self.rate and self.left else None


@dataclass(slots=True)
class _Followed:
    replay: Replay
    looked_at: int
    samples: list[Sample]


@dataclass(slots=True)
class Following:
    """Looks at replays for all consoles of a process, not more often than once a second each."""

    find: Callable[[str], Replay]
    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]
    _known: OrderedDict[str, _Followed] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, replay_id: str, *, anew: bool = False) -> tuple[Replay, Progress]:
        """Return a replay as it stood a moment ago, or looked at `anew`. Raises `NoSuchReplay`."""
        with self._lock:
            now, known = self.now(), self._known.get(replay_id)
            if anew or known is None or not 0 <= now - known.looked_at < _FRESH:
                replay = self.find(replay_id)
                samples = with_sample(known.samples if known else [], Sample(now, _ended(replay)), replay.state)
                known = _Followed(replay, now, samples)
                self._known[replay_id] = known
                self._known.move_to_end(replay_id)
                if len(self._known) > _MOST:
                    self._known.popitem(last=False)
            return known.replay, progress_of(known.replay, known.samples)


def with_sample(samples: Sequence[Sample], fresh: Sample, state: ReplayState) -> list[Sample]:
    """Return the samples of the last minute with one more; what does not run has no speed. Pure."""
    if state is not ReplayState.RUNNING:
        return []
    kept = [one for one in samples if 0 <= fresh.at - one.at <= _WINDOW]
    return [*kept, fresh]


def progress_of(replay: Replay, samples: Sequence[Sample] = ()) -> Progress:
    """Return how far a replay is. Pure."""
    total = replay.count(*ItemState)
    rate = None
    if len(samples) > 1 and (passed := samples[-1].at - samples[0].at) > 0:
        rate = max(0.0, (samples[-1].ended - samples[0].ended) * 1000 / passed)
    return Progress(total, _ended(replay), rate)


def _ended(replay: Replay) -> int:
    return replay.count(*ItemState) - replay.count(*OPEN)
