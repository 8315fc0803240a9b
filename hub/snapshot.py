"""Which of the events that stand now an agency may have, by the pipeline's own rules and today's state. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from hub.agreements import Agreement, Agreements
from hub.arrival import Arrival
from hub.facts import Consent, Facts
from hub.steps.address import address
from hub.steps.permit import Permissions, permit

Consents = dict[tuple[str, str, str], Consent]
T = TypeVar("T")


def permitted(
    agreement: Agreement,
    arrivals: Sequence[Arrival],
    facts: Facts,
    read: Callable[[Arrival], Mapping[str, Any]],
    now: int,
) -> Permissions:
    """Return what the agency may have of these events at a time (ms since 1970 UTC), and what is withheld from it.

    Each event is judged by itself: what an old event says about consent or protection holds no longer, `facts` says
    what does.
    """
    own, consents, found = Agreements.of([agreement]), _by_person(facts), Permissions()
    knows = {person for person, names in facts.received_about.items() if agreement.agency in names}
    for arrival in arrivals:
        person = arrival.person
        alone = Facts(
            consents=consents.get(person, {}),
            protection=_only(facts.protection, person),
            residences=_only(facts.residences, person),
            also_known=_only(facts.also_known, person),
            received_about={person: frozenset({agreement.agency})} if person in knows else {},
        )
        unmatched = arrival.previous_id is not None and arrival.previous_id not in facts.met
        today = arrival._replace(at=now, unmatched=unmatched)
        judged = permit(address([today], own, alone.residences, alone.also_known), alone, read)
        found.allowed += judged.allowed
        found.withheld += judged.withheld
        if judged.allowed:
            knows.add(person)
    return found


def _by_person(facts: Facts) -> dict[str, Consents]:
    found: dict[str, Consents] = defaultdict(dict)
    for key, consent in facts.consents.items():
        found[key[0]][key] = consent
    return found


def _only(known: Mapping[str, T], person: str) -> dict[str, T]:
    return {person: known[person]} if person in known else {}
