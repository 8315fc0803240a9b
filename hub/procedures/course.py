"""How the cases of a person stand, from what the registers say and what agencies have. Pure; times are ms."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from hub.procedures.calendar import VIETNAM, Calendar
from hub.procedures.definition import Kind, Procedure, Procedures, Step

_DAY = 86_400_000
#: The two changes by which a fact comes to be known.
BRINGS = ("CREATED", "CORRECTED")


class State(StrEnum):
    """How a case stands."""

    OPEN = "open"
    #: Open, and somebody's time is over.
    LATE = "late"
    DONE = "done"
    #: What began it should never have existed.
    CANCELLED = "cancelled"


class Said(NamedTuple):
    """A version of a fact about one person, as it was published."""

    position: int
    event_id: str
    #: When the hub took it.
    at: int
    #: Type and id of the act, without the number of the person, who may have several.
    act: str
    version: int
    change: str

    @property
    def type(self) -> str:
        """What kind of event it is."""
        return self.act.partition("|")[0]


class Taken(NamedTuple):
    """That a step was taken, when, and by which event."""

    at: int
    by: str


@dataclass(frozen=True, slots=True)
class StepCourse:
    """How a step of a case stands."""

    step: str
    agency: str
    #: When its time is over; None while the step before it is not taken.
    due_at: int | None
    taken: Taken | None

    @property
    def waits_until(self) -> int | None:
        """Return its deadline while it is not taken."""
        return None if self.taken else self.due_at


@dataclass(frozen=True, slots=True)
class Course:
    """How a case stands, whatever the time is."""

    event_id: str
    procedure: str
    opened_at: int
    #: When what began it was annulled.
    cancelled_at: int | None
    steps: Sequence[StepCourse]

    @property
    def is_done(self) -> bool:
        """Whether every step is taken."""
        return all(step.taken for step in self.steps)

    @property
    def turns_at(self) -> int:
        """While it is open: when it is or was late; else when it ended."""
        if self.cancelled_at is not None:
            return self.cancelled_at
        if self.is_done:
            return max(self.opened_at, *(step.taken.at for step in self.steps if step.taken))
        return min(step.waits_until for step in self.steps if step.waits_until is not None)

    def state(self, now: int) -> State:
        """Return how it stands at a time."""
        if self.cancelled_at is not None:
            return State.CANCELLED
        if self.is_done:
            return State.DONE
        return State.LATE if self.turns_at < now else State.OPEN

    def late(self, now: int) -> Sequence[StepCourse]:
        """Return the steps whose time is over at `now` and that are not taken, the latest first."""
        if self.state(now) is not State.LATE:
            return ()
        found = [step for step in self.steps if step.waits_until is not None and step.waits_until < now]
        return sorted(found, key=lambda step: step.due_at or 0)


#: (event id, agency) → when the agency had it.
Acknowledged = Mapping[tuple[str, str], int]


def courses_of(said: Iterable[Said], acknowledged: Acknowledged, rules: Procedures, days: Calendar) -> list[Course]:
    """Return the cases of one person, from all that was published about them. The order of nothing matters."""
    acts: dict[str, list[Said]] = defaultdict(list)
    for one in said:
        acts[one.act].append(one)
    for versions in acts.values():
        versions.sort(key=lambda one: (one.version, one.position))
    return [case for versions in acts.values() for case in _cases(versions, acts.values(), acknowledged, rules, days)]


def _cases(
    mine: Sequence[Said],
    acts: Iterable[Sequence[Said]],
    acknowledged: Acknowledged,
    rules: Procedures,
    days: Calendar,
) -> Iterator[Course]:
    procedure = rules.by_beginning.get(mine[0].type)
    versions = [one for one in mine if one.change in BRINGS]
    if procedure is None or not versions or _is_before(procedure, versions[0].at):
        return
    begun, steps = versions[0], dict[str, StepCourse]()
    for step in procedure.steps:
        if step.kind is Kind.EVENT:
            taken = _by_event(step, begun.at, acts)
        else:
            taken = _by_agency(step.agency, versions, acknowledged)
        steps[step.name] = StepCourse(step.name, step.agency, _due_at(step, begun.at, steps, days), taken)
    cancelled = mine[-1].at if mine[-1].change == "ANNULLED" else None
    yield Course(begun.event_id, procedure.name, begun.at, cancelled, tuple(steps.values()))


def _is_before(procedure: Procedure, at: int) -> bool:
    return procedure.since is not None and datetime.fromtimestamp(at / 1000, VIETNAM).date() < procedure.since


def _by_event(step: Step, begun: int, acts: Iterable[Sequence[Said]]) -> Taken | None:
    """The first event of the step's kind that still stands and is not older than what may belong to the case."""
    earliest = begun - step.days_before * _DAY
    found = [
        Taken(one.at, one.event_id)
        for versions in acts
        if versions[0].type == step.type and versions[-1].change != "ANNULLED"
        for one in versions
        if one.change in step.changes and one.at >= earliest
    ]
    return min(found, default=None)


def _by_agency(agency: str, versions: Sequence[Said], acknowledged: Acknowledged) -> Taken | None:
    """Any version will do: an agency that has a correction need not take what it corrects."""
    found = [Taken(at, v.event_id) for v in versions if (at := acknowledged.get((v.event_id, agency))) is not None]
    return min(found, default=None)


def _due_at(step: Step, begun: int, steps: Mapping[str, StepCourse], days: Calendar) -> int | None:
    if step.after is None:
        return days.deadline(begun, step.within)
    before = steps[step.after].taken
    return None if before is None else days.deadline(max(begun, before.at), step.within)
