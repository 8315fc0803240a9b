"""Step 3: set aside what the hub has already: the same event again, or the same act under another id."""

from __future__ import annotations

from collections.abc import Sequence

from hub.arrival import Arrival, Repeat
from hub.facts import Facts


def deduplicate(arrivals: Sequence[Arrival], facts: Facts) -> tuple[list[Arrival], list[Repeat]]:
    """Split arrivals into fresh ones and repeats.

    An event is a repeat only of one met at *another* position: a batch read again after a crash is none.
    """
    first_met = {event_id: met.position for event_id, met in facts.met.items()}
    versions = dict(facts.versions)
    fresh: list[Arrival] = []
    repeats: list[Repeat] = []
    for arrival in arrivals:
        if first_met.setdefault(arrival.event_id, arrival.position) != arrival.position:
            repeats.append(Repeat(arrival, "event_id", arrival.event_id))
            continue
        of = versions.setdefault((arrival.fact, arrival.version), arrival.event_id)
        if of != arrival.event_id:
            repeats.append(Repeat(arrival, "fact", of))
        else:
            fresh.append(arrival)
    return fresh, repeats
