"""Step 2: find out who each event is about, by the number that is valid now."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from hub import headers as h
from hub.arrival import Arrival
from hub.eventlog import Batch, Record
from hub.facts import NumberStands

#: Reads the payload of an arrival.
Reader = Callable[[Arrival], Mapping[str, Any]]

#: The types that say which number stands for whom.
CHANGE_NUMBERS = frozenset({"PersonalNumberChanged", "PersonsMerged"})
#: What a batch may be cut at: those, and what carries no event.
_CUTTING = frozenset({*CHANGE_NUMBERS, None})


def between_changes(batch: Batch) -> Iterator[Batch]:
    """Cut a batch before each change of numbers, and behind each word that no more will come.

    So one answer to "who is who" holds for all events of a part, and is the one that held when they were taken.
    """
    kinds = {record.headers.get(h.TYPE) for record in batch.records}
    if kinds.isdisjoint(_CUTTING):  # as nearly always
        yield batch
        return
    after, part = batch.after, list[Record]()
    for record in batch.records:
        if part and record.headers.get(h.TYPE) in CHANGE_NUMBERS:
            yield replace(batch, after=after, records=part)
            after, part = part[-1].position, []
        part.append(record)
        if record.headers.get(h.TICK) == h.TICK_FLUSH:
            yield replace(batch, after=after, records=part)
            after, part = record.position, []
    if part or not batch.records:
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
        return [person, *self.earlier().get(person, ())]

    def earlier(self) -> Mapping[str, Sequence[str]]:
        """Return the numbers that stand for each person besides the valid one, for those who have some."""
        found: dict[str, list[str]] = {}
        for number in self._stands:
            if (person := self.person(number)) != number:
                found.setdefault(person, []).append(number)
        return found

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
    arrivals: Sequence[Arrival], numbers: Numbers, read: Reader, outdated: Collection[str] = ()
) -> tuple[list[Arrival], list[tuple[int, NumberStands]]]:
    """Fill in each arrival's person; return them and the changes of numbers with their positions.

    What is sent under an earlier number goes out under the one that is valid now, and is judged by it.
    `outdated`: the ids of changes of numbers that say nothing new, because they or later ones were met before.
    """
    changes: list[tuple[int, NumberStands]] = []
    known: list[Arrival] = []
    for arrival in arrivals:
        if arrival.type in CHANGE_NUMBERS:
            before = numbers.person(arrival.subject)
            entries = () if arrival.event_id in outdated else _changes(arrival, numbers, read)
            changes += [(arrival.position, entry) for entry in entries]
            # an annulment is the last event of those whom it parts, as the act was the first
            person = before if arrival.change == "ANNULLED" else numbers.person(arrival.subject)
            known.append(arrival.of_person(person))
        elif (person := numbers.person(arrival.subject)) != arrival.subject:
            known.append(arrival.of_person(person)._replace(rewritten={"subject": person}))
        else:
            known.append(arrival)
    return known, changes


def _changes(arrival: Arrival, numbers: Numbers, read: Reader) -> list[NumberStands]:
    if arrival.change == "ANNULLED":
        return numbers.restore(arrival.fact_id, numbers.person(arrival.subject))
    payload = read(arrival)
    if arrival.type == "PersonalNumberChanged":
        return numbers.replace(payload["old_number"], payload["new_number"], arrival.fact_id)
    merged = payload["merged_numbers"]
    return [entry for old in merged for entry in numbers.replace(old, arrival.subject, arrival.fact_id)]
