"""The nouns of agreements: who may have what, about whom, why and for what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Grant:
    """One agency may have events of some types, for one purpose, on one legal basis."""

    agency: str
    purpose: str
    #: The statute that obliges to share, or None: then only with the person's consent.
    statute: str | None
    #: Only about persons of whom the agency has received something before.
    only_if_received: bool = False


@dataclass(frozen=True, slots=True)
class Population:
    """Whose events an agency may have. None means no limit of that kind."""

    provinces: frozenset[str] | None = None
    persons: frozenset[str] | None = None

    @property
    def limited(self) -> bool:
        """Whether it is anything less than everyone."""
        return self.provinces is not None or self.persons is not None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agency's agreement with the hub."""

    agency: str
    name_vi: str
    name_en: str
    sector: str
    population: Population
    grants: Mapping[str, Grant]
    #: The way of delivery and its settings, as the manifest has them.
    delivery: Mapping[str, Any]
    #: First and last day, as days since 1970.
    valid_from: int
    valid_until: int
    #: The folder of views that says what it sees, if that is not the one with its own name.
    view: str | None = None


@dataclass(frozen=True, slots=True)
class Agreements:
    """All agreements in force, found by agency and by event type."""

    by_agency: Mapping[str, Agreement]
    by_type: Mapping[str, tuple[tuple[Agreement, Grant], ...]]

    @classmethod
    def of(cls, agreements: Iterable[Agreement]) -> Agreements:
        """Index some agreements."""
        by_agency = {a.agency: a for a in agreements}
        by_type: dict[str, list[tuple[Agreement, Grant]]] = {}
        for agreement in by_agency.values():
            for type_name, grant in agreement.grants.items():
                by_type.setdefault(type_name, []).append((agreement, grant))
        return cls(by_agency, {name: tuple(grants) for name, grants in by_type.items()})

    @property
    def borrowed(self) -> Mapping[str, str]:
        """Return agency → folder of views, of those that have none of their own name."""
        return {name: agreement.view for name, agreement in self.by_agency.items() if agreement.view is not None}

    @property
    def limited(self) -> bool:
        """Whether any agency may have less than everyone's events."""
        return any(agreement.population.limited for agreement in self.by_agency.values())
