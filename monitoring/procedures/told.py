"""What there is to say about cases of linked procedures, the same for the command line and the console. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from hub.agreements import Agreements
from hub.procedures.calendar import VIETNAM
from hub.procedures.case import Case, StepOfCase
from hub.procedures.course import State
from hub.procedures.definition import Kind, Procedures, Step
from monitoring.words import Words
from schemas.conversion import rfc3339

#: How a case stands; what needs somebody first.
STATES: Final[Mapping[State, Words]] = {
    State.LATE: Words("trễ hạn", "late"),
    State.OPEN: Words("đang làm", "open"),
    State.DONE: Words("xong", "done"),
    State.CANCELLED: Words("đã hủy", "cancelled"),
}
#: How a step is known to be taken.
KINDS: Final[Mapping[Kind, Words]] = {
    Kind.EVENT: Words("sự kiện khác của cùng người", "another event about the same person"),
    Kind.ACKNOWLEDGED: Words("cơ quan xác nhận đã nhận", "the agency has acknowledged the event"),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What procedures, steps and those who take them are called. What is followed no more keeps its short name."""

    rules: Procedures
    agreements: Agreements

    def procedure(self, name: str) -> Words:
        """Return what a procedure is called."""
        found = self.rules.by_name.get(name)
        return Words(*found.title) if found else Words(name, name)

    def step(self, procedure: str, name: str) -> Words:
        """Return what a step is called."""
        found = self.definition(procedure, name)
        return Words(*found.title) if found else Words(name, name)

    def definition(self, procedure: str, name: str) -> Step | None:
        """Return a step as the rules have it."""
        found = self.rules.by_name.get(procedure)
        return next((step for step in found.steps if step.name == name), None) if found else None

    def agency(self, name: str) -> Words:
        """Return what an agency or an office is called."""
        agreement = self.agreements.by_agency.get(name)
        if agreement is not None:
            return Words(agreement.name_vi, agreement.name_en)
        return Words(*self.rules.offices[name]) if name in self.rules.offices else Words(name, name)

    @property
    def agencies(self) -> Sequence[str]:
        """Return all who take steps."""
        return sorted({agency for one in self.rules.each for agency in one.agencies})


def last_day(due_at: int) -> date:
    """Return the last day that is in time, in Vietnam, for a deadline in ms since 1970 UTC."""
    return datetime.fromtimestamp(due_at / 1000 - 1, VIETNAM).date()


def in_order(case: Case, names: Names) -> Sequence[StepOfCase]:
    """Return the steps of a case in the order of the procedure."""
    found = names.rules.by_name.get(case.procedure)
    order = {step.name: n for n, step in enumerate(found.steps)} if found else {}
    return sorted(case.steps, key=lambda step: order.get(step.step, len(order)))


def case_as_json(case: Case, names: Names) -> dict[str, Any]:
    """Return a case with times in RFC 3339. Nothing personal is in it but the masked number."""
    return {
        "event_id": case.event_id,
        "procedure": case.procedure,
        "title": names.procedure(case.procedure)._asdict(),
        "person_masked": case.person,
        "state": case.state.value,
        "opened_at": rfc3339(case.opened_at),
        "late": [{"step": s.step, "agency": s.agency, "seconds": s.late_ms // 1000} for s in case.late],
        "steps": [_step_as_json(case, step, names) for step in in_order(case, names)],
    }


def _step_as_json(case: Case, step: StepOfCase, names: Names) -> dict[str, Any]:
    return {
        "step": step.step,
        "title": names.step(case.procedure, step.step)._asdict(),
        "agency": step.agency,
        "due_at": None if step.due_at is None else rfc3339(step.due_at),
        "done_at": None if step.done_at is None else rfc3339(step.done_at),
        "done_by": step.done_by,
        "late_seconds": step.late_ms // 1000,
    }


def counts_as_json(counts: Mapping[tuple[str, str], int], names: Names) -> dict[str, dict[str, int]]:
    """Return procedure → state → number of cases, every state of every procedure that is followed."""
    found = {one.name: {state.value: 0 for state in STATES} for one in names.rules.each}
    for (procedure, state), count in counts.items():
        found.setdefault(procedure, {each.value: 0 for each in STATES})[state] = count
    return found
