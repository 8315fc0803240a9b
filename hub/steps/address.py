"""Step 5: find out who would get each event: by type, and by whose events an agency may have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from hub.agreements import Agreement, Agreements, Grant, Population
from hub.arrival import Arrival


class Addressed(NamedTuple):
    """An event and those who would get it, if they may."""

    arrival: Arrival
    recipients: Sequence[tuple[Agreement, Grant]]


def address(
    published: Sequence[Arrival],
    agreements: Agreements,
    residences: Mapping[str, str],
    also_known: Mapping[str, Sequence[str]],
) -> list[Addressed]:
    """Return each event with its would-be recipients.

    `residences`: person → current province before the batch; `also_known`: person → earlier numbers.
    Annulments and rises of protection are addressed to all that take the type: they follow the data, whatever the
    population is now, and the next step knows who has the data.
    """
    lives_in = dict(residences)
    addressed: list[Addressed] = []
    limited = agreements.limited
    for arrival in published:
        recipients: Sequence[tuple[Agreement, Grant]] = agreements.by_type.get(arrival.type, ())
        if limited and arrival.change != "ANNULLED" and arrival.type != "AddressProtectionChanged":
            numbers = {arrival.person, arrival.subject, *also_known.get(arrival.person, ())}
            provinces = {*arrival.provinces, lives_in.get(arrival.person)}
            recipients = [(a, g) for a, g in recipients if _covers(a.population, numbers, provinces)]
        if arrival.residence is not None:
            lives_in[arrival.person] = arrival.residence
        addressed.append(Addressed(arrival, recipients))
    return addressed


def _covers(population: Population, numbers: set[str], provinces: set[str | None]) -> bool:
    if population.provinces is not None:
        return not population.provinces.isdisjoint(p for p in provinces if p is not None)
    return population.persons is None or not population.persons.isdisjoint(numbers)
