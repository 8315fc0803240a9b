"""What stands now, of a stretch of `received`: the newest published version of each fact that has not been undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from hub.arrival import Arrival
from hub.eventlog import partition_of, start_of
from hub.facts import Facts, Fate
from hub.registers import tables as t
from hub.registers.past import Past
from hub.steps.identify import identify

#: An annulment and an end leave nothing to hand out.
_BRING_A_FACT = ("CREATED", "CORRECTED")


@dataclass(frozen=True, slots=True)
class Standing:
    """Events that stand now, each under the number that is valid now, and what bears on who may have them."""

    arrivals: Sequence[Arrival]
    #: As of this moment, about all persons of `arrivals`; `received_about` of those whose protection was changed.
    facts: Facts


def standing(
    connection: sa.Connection,
    stretch: Sequence[Arrival],
    until: Sequence[int],
    read: Callable[[Arrival], Mapping[str, Any]],
) -> Standing:
    """Return those events of a stretch of one partition that stand now and were decided up to a moment.

    `until`: how far each partition was decided at that moment. An event with a newer published version is left out
    also when that one was decided later: it comes, or must not come, by the feed.
    """
    past, found = Past(connection), _published(connection, stretch, until)
    candidates = [arrival for arrival in stretch if arrival.position in found]
    numbers = past.numbers_of({arrival.subject for arrival in candidates})
    # their changes of numbers are known already: nothing is to be learnt from them
    known, _ = identify(candidates, numbers, read, {arrival.event_id for arrival in candidates})
    facts = past.facts(known, numbers, 0)
    return Standing([a for a in known if (act := facts.acts.get(a.fact)) and act.event_id == a.event_id], facts)


def progress(connection: sa.Connection, partitions: int) -> list[int]:
    """Return how far each partition is decided, as the registers know it: as far as the log, or one batch more."""
    c = t.progress.c
    known = {row.partition: row.position for row in connection.execute(sa.select(c.partition, c.position))}
    return [known.get(part, start_of(part)) for part in range(partitions)]


def decided_at(connection: sa.Connection, event_ids: Sequence[str]) -> list[int]:
    """Return the positions at which the fates of these events were decided."""
    c = t.events.c
    return list(connection.execute(sa.select(c.fate_position).where(c.event_id.in_(event_ids))).scalars())


def _published(connection: sa.Connection, stretch: Sequence[Arrival], until: Sequence[int]) -> set[int]:
    if not stretch:
        return set()
    c = t.events.c
    rows = connection.execute(
        sa.select(c.position, c.fate_position).where(
            c.position.between(stretch[0].position, stretch[-1].position),
            c.fate == Fate.PUBLISHED.value,
            c.change.in_(_BRING_A_FACT),
        )
    )
    return {position for position, decided in rows if decided <= until[partition_of(decided)]}
