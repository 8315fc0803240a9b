"""Keeps a person's order inside a batch: nothing passes a rejected event of the same person."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from adapters.agencies.numbers import IDENTITY_TYPES
from hub.destination import Event, Rejection

_BEHIND = "an earlier event of the same person in this batch was rejected"


def sift(
    events: Sequence[Event], replaced: Mapping[str, str], problem: Callable[[Event], Rejection | None]
) -> tuple[list[Event], list[Rejection]]:
    """Part the events without a problem from the rejected and from those that come behind a rejected one."""
    taken: list[Event] = []
    rejected: list[Rejection] = []
    stuck: set[str] = set()
    for event in events:
        person = replaced.get(event.subject, event.subject)
        behind = Rejection(event.event_id, "behind_rejected", _BEHIND) if person in stuck else None
        if found := behind or problem(event):
            rejected.append(found)
            stuck.add(person)
        else:
            taken.append(event)
    return taken, rejected


def runs(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    """Cut the events around those that join numbers or part them; one that joins parts too, if it contradicts another.

    What comes before must be kept, and erased, as of whom it was then, and what comes behind must find the numbers as
    they are then: the outcome may not depend on the batch.
    """
    run: list[Event] = []
    for event in events:
        joins_or_parts = event.type in IDENTITY_TYPES
        if run and joins_or_parts:
            yield run
            run = []
        run.append(event)
        if joins_or_parts:
            yield run
            run = []
    if run:
        yield run
