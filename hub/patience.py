"""How long the hub waits for what may still come."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How long events are kept back, in milliseconds."""

    #: An annulment, for the new version that makes it a correction.
    join: int
    #: A correction, for its original.
    previous: int
