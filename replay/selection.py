"""Which parked deliveries are meant. A pure value: the same on the command line, over HTTP and in the database.

It is never everything by accident: without any filter it must say `everything`, and a filter that it does not know is
an error, not nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import sqlalchemy as sa

from hub.database import among
from hub.deliveries import State
from hub.deliveries.tables import held
from schemas.conversion import millis, rfc3339

_PERSON = re.compile(r"[0-9]{12}")
#: The filters by name in JSON.
NAMES: Final = (
    "agency",
    "type",
    "error_class",
    "since",
    "until",
    "attempts",
    "persons",
    "event_ids",
    "quarantined",
    "all",
)
#: Ids or persons that one selection may name.
_MOST = 10_000


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
        """Return what `selection_of` reads, without what is left open."""
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


def selection_of(content: Any) -> Selection:
    """Read a selection from JSON. Raises `BadSelection`, without what stands in it."""
    if not isinstance(content, dict):
        raise BadSelection("a selection is a JSON object")
    unknown = sorted(set(content) - set(NAMES))
    if unknown:
        raise BadSelection(f"unknown filter; allowed: {', '.join(NAMES)}")
    persons = _texts(content, "persons")
    if any(not _PERSON.fullmatch(number) for number in persons or ()):
        raise BadSelection("persons: a personal number has 12 digits")
    attempts = content.get("attempts") or {}
    if not isinstance(attempts, dict) or set(attempts) - {"min", "max"}:
        raise BadSelection('attempts: is an object such as {"min": 1, "max": 3}')
    return Selection(
        agency=_text(content, "agency"),
        event_ids=_texts(content, "event_ids"),
        persons=persons,
        error_class=_text(content, "error_class"),
        type=_text(content, "type"),
        since=_moment(content, "since"),
        until=_moment(content, "until"),
        attempts_min=_count(attempts, "min"),
        attempts_max=_count(attempts, "max"),
        quarantined=_flag(content, "quarantined"),
        everything=_flag(content, "all"),
    ).checked()


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


def _text(content: Mapping[str, Any], name: str) -> str | None:
    value = content.get(name)
    if value is not None and not _is_text(value):
        raise BadSelection(f"{name}: is a text that is not empty")
    return value


def _texts(content: Mapping[str, Any], name: str) -> Sequence[str] | None:
    value = content.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(map(_is_text, value)):
        raise BadSelection(f"{name}: is a list of texts that is not empty")
    if len(value) > _MOST:
        raise BadSelection(f"{name}: at most {_MOST:,} at once; use another filter")
    return list(dict.fromkeys(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value) and value.isprintable()


def _moment(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is None:
        return None
    try:
        return millis(value)
    except (TypeError, ValueError):
        raise BadSelection(f"{name}: is a time with its offset, such as 2026-11-22T08:00:00+07:00") from None


def _count(content: Mapping[str, Any], name: str) -> int | None:
    value = content.get(name)
    if value is not None and (not isinstance(value, int) or isinstance(value, bool) or value < 0):
        raise BadSelection(f"attempts.{name}: is a whole number from 0 on")
    return value


def _flag(content: Mapping[str, Any], name: str) -> bool:
    value = content.get(name, False)
    if not isinstance(value, bool):
        raise BadSelection(f"{name}: is true or false")
    return value
