"""Who is who: one person may have events under several personal numbers, and their order is one order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


class SamePerson(Protocol):
    """Which personal numbers mean one person, by today's state."""

    def __call__(self, keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Return for each key every number that its person has or had, the key among them."""


def each_alone(keys: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """Nobody ever changed a number."""
    return {key: (key,) for key in keys}


@dataclass(frozen=True, slots=True)
class People:
    """The persons behind some keys."""

    #: Key → every number of that person.
    numbers: Mapping[str, Sequence[str]]

    @classmethod
    def behind(cls, keys: Iterable[str], same_person: SamePerson) -> People:
        """Ask who is behind the keys."""
        return cls(same_person(list(dict.fromkeys(keys))))

    @property
    def all_numbers(self) -> set[str]:
        """Every number of any of them."""
        return {number for numbers in self.numbers.values() for number in numbers}

    def person(self, key: str) -> str:
        """Return a name that all numbers of one person share."""
        return min(self.numbers[key])

    def earliest(self, ends: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Return the first open position of each person who has any, from (first, last) per number."""
        return {person: min(first for first, _ in found) for person, found in self._found(ends)}

    def latest(self, ends: Mapping[str, tuple[int, int]]) -> dict[str, int]:
        """Return the last open position of each person who has any, from (first, last) per number."""
        return {person: max(last for _, last in found) for person, found in self._found(ends)}

    def _found(self, ends: Mapping[str, tuple[int, int]]) -> Iterator[tuple[str, Sequence[tuple[int, int]]]]:
        for key, numbers in self.numbers.items() if ends else ():
            found = [ends[number] for number in numbers if number in ends]
            if found:
                yield self.person(key), found
