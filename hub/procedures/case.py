"""A case of a linked procedure as those see it who look at it, at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hub.procedures.course import State


@dataclass(frozen=True, slots=True)
class StepOfCase:
    """How a step of a case stands. Times are ms since 1970 UTC."""

    step: str
    agency: str
    #: When its time is over; None while the step before it is not taken.
    due_at: int | None
    done_at: int | None
    #: The event that it was taken by, or the version that was acknowledged.
    done_by: str | None
    #: By how many milliseconds it is or was late; 0: not late.
    late_ms: int


@dataclass(frozen=True, slots=True)
class Case:
    """One case at a time. Nothing personal is in it but the masked number."""

    event_id: str
    procedure: str
    #: The first three and the last two digits of the personal number.
    person: str
    state: State
    opened_at: int
    #: While it is open: its earliest deadline that is not met; else when it ended.
    turns_at: int
    #: In the order of their deadlines; those that have none yet come last.
    steps: Sequence[StepOfCase]

    @property
    def late(self) -> Sequence[StepOfCase]:
        """Return the steps that somebody is late with, the latest first."""
        if self.state is not State.LATE:
            return ()
        found = [step for step in self.steps if step.done_at is None and step.late_ms]
        return sorted(found, key=lambda step: -step.late_ms)


def step_of(line: Sequence[Any], waits_until: int | None, now: int) -> StepOfCase:
    """Return a step from its row: (step, procedure, agency, due_at, done_at, done_by) and its `waits_until`."""
    step, _, agency, due_at, done_at, done_by = line
    until = done_at if done_at is not None else now if waits_until is not None else due_at
    late = 0 if due_at is None or until is None else max(0, until - due_at)
    return StepOfCase(step, agency, due_at, done_at, done_by, late)


def case_of(row: Any, lines: list[StepOfCase], now: int) -> Case:
    """Return a case from its row and its steps, as it stands at a time."""
    state = State(row.state)
    if state is State.OPEN and row.turns_at < now:
        state = State.LATE
    lines.sort(key=lambda step: (step.due_at is None, step.due_at or 0, step.step))
    return Case(row.event_id, row.procedure, row.person, state, row.opened_at, row.turns_at, lines)
