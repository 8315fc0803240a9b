"""What the hub tells those who watch: happenings as data, and the port that takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BatchProcessed:
    """The pipeline has decided and committed a batch."""

    received: int
    #: Messages written per topic.
    outputs: Mapping[str, int]
    seconds: float


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


@dataclass(frozen=True, slots=True)
class AgencyUnavailable:
    """An agency could not take a batch; it comes again after `pause` seconds."""

    agency: str
    reason: str
    #: How often in a row.
    times: int
    pause: float


Happening = BatchProcessed | BatchDelivered | AgencyUnavailable


class Observer(Protocol):
    """Told of every happening; must be quick and must not raise."""

    def __call__(self, happening: Happening) -> None:
        """Take note."""


def nobody(happening: Happening) -> None:
    """Observe nothing."""


def quiet(*_: object) -> None:
    """Tell nobody."""
