"""What the first page shows beside the connections: today's figures, and what else may need attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from hub.activity import MINUTE, Activity, Kind
from monitoring.console.languages import midnight
from monitoring.integrity import Checked
from monitoring.recording import BOUNDS, BUCKETS
from monitoring.words import Words


class Quiet(Protocol):
    """A feed that may have gone quiet, as `monitoring.silence` tells it."""

    @property
    def feed(self) -> str:
        """`source:…` or `agency:…`."""

    @property
    def last_at(self) -> int | None:
        """When its last event came, in ms since 1970 UTC."""

    @property
    def silent(self) -> bool:
        """Whether it should have spoken."""


@dataclass(frozen=True, slots=True)
class Outlook:
    """What may need attention and is not about one agency's connection."""

    #: Feeds that should have spoken.
    silent: Sequence[Quiet] = ()
    #: A linked procedure's title, and how many of its cases are late.
    late: Sequence[tuple[Words, int]] = ()
    #: Kind → how many alerts of counters nobody has acknowledged.
    alerts: Mapping[str, int] = field(default_factory=dict)
    audit: Checked = field(default_factory=Checked)


@dataclass(frozen=True, slots=True)
class Today:
    """What happened since midnight in Vietnam."""

    #: Type → events that the pipeline decided about, the most first.
    types: Mapping[str, int]
    #: Seconds from an event's registration to its delivery: of the half that was quicker, and of 99 in 100.
    p50: float | None
    p99: float | None

    @property
    def events(self) -> int:
        """Return how many events that are."""
        return sum(self.types.values())


def today_of(activity: Activity, now: int) -> Today:
    """Read it. `now` in ms since 1970 UTC."""
    since = midnight(now)
    types = activity.totals(Kind.TYPE, since, now)
    late = activity.totals(Kind.LATENCY, since, now)
    counts = [late.get(bucket, 0) for bucket in BUCKETS]
    ordered = dict(sorted(types.items(), key=lambda item: (-item[1], item[0])))
    return Today(ordered, quantile(counts, 0.5), quantile(counts, 0.99))


def quantile(counts: Sequence[int], share: float) -> float | None:
    """Return the seconds within which a share of the deliveries came, by the counts of the buckets; None: none came.

    Within a bucket they count as evenly spread, as Prometheus has it; of the last bucket only its lower bound is known.
    """
    wanted, before = share * sum(counts), 0
    if not wanted:
        return None
    for n, count in enumerate(counts):
        if before + count >= wanted:
            low = BOUNDS[n - 1] if n else 0.0
            high = BOUNDS[n] if n < len(BOUNDS) else low
            return low + (high - low) * (wanted - before) / count
        before += count
    return float(BOUNDS[-1])


class Curves(NamedTuple):
    """Two curves over the same times."""

    #: Seconds since 1970 UTC.
    at: Sequence[int]
    #: Events that the pipeline decided about.
    events: Sequence[int]
    #: The median of seconds from registration to delivery; None where nothing was delivered.
    seconds: Sequence[float | None]


#: How far back the curves go, in minutes.
_MINUTES: Final = 180


def curves_of(activity: Activity, types: Sequence[str], now: int) -> Curves:
    """Read the curves up to the last whole minute before `now` (ms since 1970 UTC)."""
    until = now - now % (MINUTE * 1000)
    since = until - _MINUTES * MINUTE * 1000
    events = activity.series(Kind.TYPE, types, since, until, MINUTE)
    late = activity.series(Kind.LATENCY, BUCKETS, since, until, MINUTE)
    medians = [quantile(counts, 0.5) for counts in zip(*(late[bucket] for bucket in BUCKETS), strict=True)]
    return Curves(
        [since // 1000 + n * MINUTE for n in range(_MINUTES)],
        [sum(counts) for counts in zip(*events.values(), strict=True)] if events else [0] * _MINUTES,
        [None if one is None else round(one, 3) for one in medians],
    )
