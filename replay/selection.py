"""Which parked deliveries are meant. A pure value: the same on the command line, over HTTP and in the database.

It is never everything by accident: without any filter it must say `everything`, and a filter that it does not know is
an error, not nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa

from hub.database import among
from hub.deliveries import State
from hub.deliveries.tables import held
from schemas.conversion import rfc3339


class BadSelection(ValueError):
    """What was asked for can't be meant. Says which filter, why, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Parked deliveries; every field narrows it, None leaves it open. Times are milliseconds since 1970 UTC."""

    agency: str | None = None
    event_ids: Sequence[str] | None = None
    #: Every number of the persons: `hub` knows who had which.
    persons: Sequence[str] | None = None
    error_class: str | None = None
    type: str | None = None
    #: When it was kept back first: from `since` on, and before `until`.
    since: int | None = None
    until: int | None = None
    #: How often it was tried: at least, and at most.
    attempts_min: int | None = None
    attempts_max: int | None = None
    #: Also what was replayed so often in vain that it is left alone.
    quarantined: bool = False
    #: All that is parked, for any agency. Must be said.
    everything: bool = False

    @property
    def narrows(self) -> bool:
        """Whether it names anything."""
        return replace(self, everything=False, quarantined=False) != Selection()

    def checked(self) -> Selection:
        """Return it when it can be meant. Raises `BadSelection`."""
        if self.everything and self.narrows:
            raise BadSelection("all: does not go together with a filter; leave one of them out")
        if not self.everything and not self.narrows:
            raise BadSelection("nothing is selected: name a filter, or say that all is meant")
        if self.since is not None and self.until is not None and self.since >= self.until:
            raise BadSelection("since: is not before until, so nothing could be meant")
        fewest, most = self.attempts_min, self.attempts_max
        if fewest is not None and most is not None and fewest > most:
            raise BadSelection("attempts: the least is more than the most, so nothing could be meant")
        return self

    def as_json(self) -> dict[str, Any]:
        """Return what `replay.filters.selection_of` reads, without what is left open."""
        attempts = {"min": self.attempts_min, "max": self.attempts_max}
        content = {
            "agency": self.agency,
            "type": self.type,
            "error_class": self.error_class,
            "since": None if self.since is None else rfc3339(self.since),
            "until": None if self.until is None else rfc3339(self.until),
            "attempts": {name: value for name, value in attempts.items() if value is not None} or None,
            "persons": None if self.persons is None else list(self.persons),
            "event_ids": None if self.event_ids is None else list(self.event_ids),
            "quarantined": self.quarantined or None,
            "all": self.everything or None,
        }
        return {name: value for name, value in content.items() if value is not None}


def condition(selection: Selection) -> sa.ColumnElement[bool]:
    """Return the selection as a condition on `held_deliveries`, whatever the state. Raises `BadSelection`."""
    selection.checked()
    wanted: list[sa.ColumnElement[bool]] = []
    for column, value in ((held.c.agency, selection.agency), (held.c.type, selection.type)):
        if value is not None:
            wanted.append(column == value)
    if selection.error_class is not None:
        wanted.append(held.c.error_class == selection.error_class)
    if selection.event_ids is not None:
        wanted.append(among(held.c.event_id, selection.event_ids))
    if selection.persons is not None:
        wanted.append(among(held.c.key, selection.persons))
    if selection.since is not None:
        wanted.append(held.c.held_at >= selection.since)
    if selection.until is not None:
        wanted.append(held.c.held_at < selection.until)
    if selection.attempts_min is not None:
        wanted.append(held.c.attempts >= selection.attempts_min)
    if selection.attempts_max is not None:
        wanted.append(held.c.attempts <= selection.attempts_max)
    return sa.and_(sa.true(), *wanted)


def failed(now: int) -> sa.ColumnElement[bool]:
    """Return what has failed and is at rest, on `held_deliveries`: parked, or tried again later than `now`."""
    later = sa.and_(held.c.state == State.DUE, held.c.due_at > now, held.c.attempts > 0)
    return sa.or_(held.c.state == State.PARKED, later)


def with_every_number(
    selection: Selection, numbers_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
) -> Selection:
    """Return the selection with every number that its persons have or had."""
    if selection.persons is None:
        return selection
    known = numbers_of(list(selection.persons))
    every = {number for numbers in known.values() for number in numbers}
    return replace(selection, persons=sorted(every | set(selection.persons)))
