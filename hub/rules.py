"""What the pipeline goes by: the schemas, the agreements and how long it waits. Read once at the start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from hub.agreements import Agreements
from hub.arrival import Arrival
from hub.patience import Patience
from hub.steps.project import Projector, payload_reader
from schemas.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that decides besides the events themselves."""

    catalogue: Catalogue
    agreements: Agreements
    patience: Patience
    projector: Projector
    #: Reads the payload of the few events that say something about later ones.
    read: Callable[[Arrival], Mapping[str, Any]]

    @classmethod
    def of(cls, catalogue: Catalogue, agreements: Agreements, patience: Patience) -> Rules:
        """Put the rules together. Agencies that share views see them from here on as their own."""
        catalogue = catalogue.lending(agreements.borrowed)
        return cls(catalogue, agreements, patience, Projector(catalogue), payload_reader(catalogue))
