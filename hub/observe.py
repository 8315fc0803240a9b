"""What the hub tells those who watch: happenings as data, and the port that takes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchProcessed:
    """The pipeline has decided and committed a batch."""

    received: int
    #: Messages written per topic.
    outputs: Mapping[str, int]
    seconds: float
    #: When the log took the newest of them, in milliseconds since 1970 UTC.
    at: int = 0
    #: (name, label) → count: `duplicate` by kind, `refused` by reason, `withheld` by agency, `tick` for no events.
    tallies: Mapping[tuple[str, str], int] = field(default_factory=dict)
    #: How many events came per type, source and (current code of a) province that they tell of.
    types: Mapping[str, int] = field(default_factory=dict)
    sources: Mapping[str, int] = field(default_factory=dict)
    provinces: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchDelivered:
    """An agency has answered a batch."""

    agency: str
    delivered: int
    rejected: int
    #: Later events of a person, put behind an earlier one that is parked.
    waiting: int
    replayed: int
    seconds: float
    #: Of each event that the agency has for the first time now: seconds since its register had written it.
    latencies: Sequence[float] = ()


@dataclass(frozen=True, slots=True)
class AgencyUnavailable:
    """An agency could not take a batch; it comes again after `pause` seconds."""

    agency: str
    reason: str
    #: How often in a row.
    times: int
    pause: float


@dataclass(frozen=True, slots=True)
class EventsTaken:
    """Intake has taken what a source sent."""

    accepted: int
    #: Of ids that intake had met before; the pipeline decides what becomes of them.
    duplicates: int
    #: Reason → count.
    refused: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class FeedRead:
    """An agency that fetches its events was given some."""

    agency: str
    events: int
    #: As of `BatchDelivered`; an agency may read the same again.
    latencies: Sequence[float] = ()


Happening = BatchProcessed | BatchDelivered | AgencyUnavailable | EventsTaken | FeedRead


class Observer(Protocol):
    """Told of every happening; must be quick and must not raise."""

    def __call__(self, happening: Happening, /) -> None:
        """Take note."""


def nobody(happening: Happening) -> None:
    """Observe nothing."""


def each(*observers: Observer) -> Observer:
    """Return an observer that tells several."""

    def observe(happening: Happening) -> None:
        for one in observers:
            one(happening)

    return observe


def quiet(*_: object) -> None:
    """Tell nobody."""
