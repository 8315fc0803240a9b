"""Step 2: find out who each event is about, by the number that is valid now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub import headers as h
from hub.arrival import Arrival
from hub.eventlog import Batch, Record
from hub.facts import NumberStands

#: Reads the payload of an arrival.
Reader = Callable[[Arrival], Mapping[str, Any]]


_CHANGE_NUMBERS = frozenset({"PersonalNumberChanged", "PersonsMerged"})


def between_changes(batch: Batch) -> Iterator[Batch]:
    """Cut a batch before each change of numbers.

    So one answer to "who is who" holds for all events of a part, and is the one that held when they were taken.
    """
    after, part = batch.after, list[Record]()
    for record in batch.records:
        if part and record.headers.get(h.TYPE) in _CHANGE_NUMBERS:
            yield replace(batch, after=after, records=part)
            after, part = part[-1].position, []
        part.append(record)
    yield replace(batch, after=after, records=part)


class Numbers:
    """Which number stands for which person. A person is known by the number that is valid now."""

    def __init__(self, stands: Iterable[NumberStands] = ()) -> None:
        """Take what is known, oldest first: of two words on one number, the later holds."""
        self._stands: dict[str, NumberStands] = {}
        for entry in stands:
            self._stands[entry.number] = entry

    def person(self, number: str) -> str:
        """Return the number that is valid now for whoever has or had `number`."""
        entry = self._stands.get(number)
        while entry is not None and entry.person != number:
            number = entry.person
            entry = self._stands.get(number)
        return number

    def numbers_of(self, person: str) -> list[str]:
        """Return every number that stands for a person, the valid one first."""
        return [person, *(n for n in self._stands if n != person and self.person(n) == person)]

    def replace(self, old: str, new: str, fact_id: str) -> list[NumberStands]:
        """From now on `old` stands for whoever `new` stands for. Return what changed."""
        if self.person(new) == self.person(old) and self.person(new) != new:
            return self._note(NumberStands(new, new, fact_id), NumberStands(self.person(old), new, fact_id))
        return self._note(NumberStands(self.person(old), self.person(new), fact_id))

    def restore(self, fact_id: str, person: str) -> list[NumberStands]:
        """Undo a fact: each number that stands for `person` because of it stands for itself again."""
        undone = [e for e in self._stands.values() if e.fact_id == fact_id and self.person(e.number) == person]
        return self._note(*(NumberStands(e.number, e.number, fact_id) for e in undone))

    def _note(self, *entries: NumberStands) -> list[NumberStands]:
        changed = [e for e in entries if self.person(e.number) != e.person or e.number == e.person]
        for entry in changed:
            self._stands[entry.number] = entry
        return changed


def identify(
    arrivals: Sequence[Arrival], numbers: Numbers, read: Reader
) -> tuple[list[Arrival], list[tuple[int, NumberStands]]]:
    """Fill in each arrival's person; return them and the changes of numbers with their positions.

    What is sent under an earlier number goes out under the one that is valid now, and is judged by it.
    """
    changes: list[tuple[int, NumberStands]] = []
    named: list[Arrival] = []
    for arrival in arrivals:
        for entry in _changes(arrival, numbers, read):
            changes.append((arrival.position, entry))
        person = numbers.person(arrival.subject)
        if person == arrival.subject or arrival.type in _CHANGE_NUMBERS:
            named.append(arrival)
        else:
            named.append(arrival._replace(rewritten={"subject": person}))
    return [_with_person(arrival, numbers.person(arrival.subject)) for arrival in named], changes


def _with_person(arrival: Arrival, person: str) -> Arrival:
    return arrival if arrival.person == person else arrival._replace(person=person)


def _changes(arrival: Arrival, numbers: Numbers, read: Reader) -> list[NumberStands]:
    if arrival.type not in _CHANGE_NUMBERS:
        return []
    if arrival.change == "ANNULLED":
        return numbers.restore(arrival.fact_id, numbers.person(arrival.subject))
    payload = read(arrival)
    if arrival.type == "PersonalNumberChanged":
        return numbers.replace(payload["old_number"], payload["new_number"], arrival.fact_id)
    merged = payload["merged_numbers"]
    return [entry for old in merged for entry in numbers.replace(old, arrival.subject, arrival.fact_id)]
