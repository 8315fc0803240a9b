"""What a linked procedure is: the event that begins it, and the steps that must follow, each within working days."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple


class Kind(StrEnum):
    """How a step is known to be taken."""

    #: By another event about the same person.
    EVENT = "event"
    #: By an agency that has acknowledged the event that began the case: it has it.
    ACKNOWLEDGED = "acknowledged"


class Title(NamedTuple):
    """What people call it."""

    vi: str
    en: str

    def __str__(self) -> str:
        return f"{self.vi} / {self.en}"


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a procedure."""

    name: str
    title: Title
    kind: Kind
    #: Who takes it.
    agency: str
    #: Working days that it may take.
    within: int
    #: Of an event: its type, and the changes that count.
    type: str | None = None
    changes: Sequence[str] = ()
    #: Of an event: it counts also when it came up to so many days before the event that began the case.
    days_before: int = 0
    #: The step from whose end the working days count; None: from the beginning of the case.
    after: str | None = None


@dataclass(frozen=True, slots=True)
class Procedure:
    """One linked procedure. An event of the type `begins` opens a case of it."""

    name: str
    title: Title
    #: The law that it rests on.
    basis: str
    begins: str
    steps: Sequence[Step]
    #: Events that the hub took before this day open no case.
    since: date | None = None

    @property
    def agencies(self) -> frozenset[str]:
        """Everybody who has a step in it."""
        return frozenset(step.agency for step in self.steps)


@dataclass(frozen=True)
class Procedures:
    """The procedures that are followed: at most one for each type of event."""

    each: Sequence[Procedure] = ()
    #: What those are called who take steps and have no agreement, such as a source.
    offices: Mapping[str, Title] = field(default_factory=dict)
    #: What the government has announced and the calendar does not know: further days off, and Saturdays to work on.
    days_off: frozenset[date] = frozenset()
    working_days: frozenset[date] = frozenset()

    @cached_property
    def by_name(self) -> Mapping[str, Procedure]:
        """Each under its name."""
        return {one.name: one for one in self.each}

    @cached_property
    def by_beginning(self) -> Mapping[str, Procedure]:
        """Each under the type of event that opens a case of it."""
        return {one.begins: one for one in self.each}

    @cached_property
    def step_types(self) -> frozenset[str]:
        """The types of events by which steps are taken."""
        return frozenset(step.type for one in self.each for step in one.steps if step.type)

    @cached_property
    def acknowledging(self) -> frozenset[str]:
        """The agencies whose acknowledgements are steps."""
        return frozenset(step.agency for one in self.each for step in one.steps if step.kind is Kind.ACKNOWLEDGED)

    @cached_property
    def digest(self) -> str:
        """Names these rules: with others, everything is gone through anew."""
        days = sorted(self.days_off), sorted(self.working_days)
        return hashlib.sha256(repr((self.each, days)).encode()).hexdigest()[:16]
