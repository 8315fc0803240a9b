"""Keeps the cases up to date: follows what the registers publish and what agencies have taken. Several do no harm."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from hub.discretion import masked
from hub.eventlog import LogBrowser, partition_of
from hub.procedures import gathering, writing
from hub.procedures.calendar import Calendar
from hub.procedures.course import Acknowledged, Course, State, courses_of
from hub.procedures.definition import Kind, Procedures
from hub.procedures.feeds import passed
from hub.procedures.gathering import Committed
from hub.procedures.looking import LATEST, looked_up_to, next_look, to_look_at
from hub.procedures.writing import Change, Row
from hub.topics import PIPELINE, RECEIVED, outbox

#: Events that one turn looks at: a transaction of some milliseconds, which deliveries hardly notice.
PIECE: Final = 200
#: Cases that are looked at before their time when a run ends.
_AT_MOST: Final = 20_000


@dataclass(frozen=True, slots=True)
class Keeper:
    """What keeps the cases of one hub, a piece at a time."""

    log: LogBrowser
    registers: sa.Engine
    deliveries: sa.Engine
    rules: Procedures
    days: Calendar
    #: Milliseconds since 1970 UTC.
    clock: Callable[[], int]
    #: Agency that fetches → behind which position of its feed it has asked: it has what comes before.
    asked_behind: Callable[[], Mapping[str, int]] = dict
    #: Events, or cases, that one step looks at.
    piece: int = PIECE

    def step(self) -> bool:
        """Do the next piece; say whether there may be more now.

        Raises `Moved` when another keeper was quicker: nothing was written.
        """
        before = writing.turn(self.deliveries)
        asked, committed = self.asked_behind(), self._committed()
        change = self._follow_registers(committed) or self._follow_feeds(asked, committed) or self._look_due(committed)
        if change is None:
            return False
        writing.write(self.deliveries, before, self.rules.digest, change)
        return True

    def catch_up(self) -> None:
        """Bring the cases up to date, as far as the log has committed, before a run ends. Raises `Moved`."""
        while self.step():
            pass
        waiting = to_look_at(self.deliveries, self.clock() + LATEST, _AT_MOST)
        for first in range(0, len(waiting), self.piece):
            before = writing.turn(self.deliveries)
            change = self._looked_at(waiting[first : first + self.piece], self._committed())
            writing.write(self.deliveries, before, self.rules.digest, change)

    def _committed(self) -> Committed:
        return {partition_of(last): done for done, last in self.log.extents(RECEIVED, PIPELINE)}

    def _follow_registers(self, committed: Committed) -> Change | None:
        """Look at the next piece of the first partition in which something is new."""
        for partition, end in sorted(committed.items()):
            after = looked_up_to(self.deliveries, self.rules.digest, RECEIVED, partition)
            if after > end:  # the log was put back to an earlier time: what is decided anew is looked at anew
                return Change(looked=[(RECEIVED, partition, end)])
            if after < end:
                found = gathering.stretch(self.registers, self._types, after, end, self.piece)
                cases = self._changed(self._courses(found.persons, committed))
                return Change(cases, looked=[(RECEIVED, partition, found.reached)])
        return None

    def _follow_feeds(self, asked: Mapping[str, int], committed: Committed) -> Change | None:
        """Look at what the first agency has fetched that fetched something new."""
        for agency in sorted(self.rules.acknowledging & asked.keys()):
            topic, behind = outbox(agency), asked[agency]
            after = looked_up_to(self.deliveries, self.rules.digest, topic, 0)
            if after < behind:
                found = passed(self.log, topic, after, behind, self.rules.by_beginning)
                numbers = gathering.persons_of(self.registers, found.event_ids)
                had = {(event_id, agency): self.clock() for event_id in found.event_ids}
                cases = self._changed(self._courses(set(numbers.values()), committed, had))
                return Change(cases, fetched=had, looked=[(topic, 0, found.reached)])
        return None

    def _look_due(self, committed: Committed) -> Change | None:
        """Look for acknowledgements of those cases whose time to be looked at has come."""
        found = to_look_at(self.deliveries, self.clock(), self.piece)
        return self._looked_at(found, committed) if found else None

    def _looked_at(self, event_ids: Sequence[str], committed: Committed) -> Change:
        numbers = gathering.persons_of(self.registers, event_ids)
        courses = self._courses(set(numbers.values()), committed)
        return Change(self._changed(courses), [event_id for event_id in event_ids if event_id not in courses])

    def _courses(
        self, numbers: Collection[str], committed: Committed, had: Acknowledged | None = None
    ) -> Mapping[str, tuple[Course, str]]:
        """Return the cases of these persons as they stand, by event id, each with the person's number."""
        persons = gathering.said_about(self.registers, numbers, self._types, committed)
        begins = {one.event_id for person in persons for one in person.said if one.type in self.rules.by_beginning}
        has = gathering.acknowledged(self.deliveries, begins, self.rules.acknowledging)
        return {
            course.event_id: (course, person.number)
            for person in persons
            for course in courses_of(person.said, {**(had or {}), **person.given, **has}, self.rules, self.days)
        }

    def _changed(self, courses: Mapping[str, tuple[Course, str]]) -> Mapping[str, Row]:
        """Return what is to be written of them. What came in a mass run, such as old papers, opens no case."""
        before = writing.known(self.deliveries, courses)
        no_case = gathering.of_mass_runs(self.registers, courses.keys() - before.keys())
        rows = {id_: self._row(*found) for id_, found in courses.items() if id_ not in no_case}
        return {id_: row for id_, row in rows.items() if before.get(id_) != row}

    @property
    def _types(self) -> frozenset[str]:
        return self.rules.step_types | self.rules.by_beginning.keys()

    def _row(self, course: Course, number: str) -> Row:
        """What an open case looks like changes with every look: it says when the next one is."""
        state = course.state(0)  # at a time at which nothing is late yet
        is_open = state is State.OPEN
        look_at = next_look(course.opened_at, self.clock(), asks=self._waits_for_agency(course)) if is_open else None
        head = (course.event_id, course.procedure, masked(number), state.value, course.turns_at, course.opened_at)
        lines = (
            (
                step.step,
                course.procedure,
                step.agency,
                step.due_at,
                step.taken.at if step.taken else None,
                step.taken.by if step.taken else None,
                step.waits_until if is_open else None,
            )
            for step in course.steps
        )
        return Row((*head, look_at), frozenset(lines))

    def _waits_for_agency(self, course: Course) -> bool:
        kinds = {step.name: step.kind for step in self.rules.by_name[course.procedure].steps}
        return any(not step.taken and kinds[step.step] is Kind.ACKNOWLEDGED for step in course.steps)
