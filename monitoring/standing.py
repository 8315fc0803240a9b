"""How the hub and its agencies stand, seen in one look."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from monitoring.connections import Connection, Sector
from monitoring.status import Status


class Standing(NamedTuple):
    """Everything that one look has seen."""

    #: When, in milliseconds since 1970 UTC.
    at: int
    status: Status
    connections: Sequence[Connection]
    sectors: Sequence[Sector]
