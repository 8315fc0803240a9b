"""Numbers that stand for one another, and moving what is known of one number to another."""

from __future__ import annotations

from typing import Any

Known = dict[tuple[str, ...], Any]


class Numbers:
    """Which number is valid for a person, and everything that is filed under a number (first part of each key)."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        self.files: list[Known] = []

    def file(self) -> Known:
        """Return a new dictionary whose keys follow the numbers."""
        known: Known = {}
        self.files.append(known)
        return known

    def valid(self, number: str) -> str:
        """Return the number that is valid now for whoever has or had `number`."""
        while number in self.renamed:
            number = self.renamed[number]
        return number

    def rename(self, old: str, new: str) -> None:
        """Let `new` stand for the person that `old` stood for, in all files."""
        before, after = self.valid(old), self.valid(new)
        if before == after:
            return
        self.renamed[before] = after
        for known in self.files:
            for key in [key for key in known if key[0] == before]:
                _move(known, key, (after, *key[1:]))


def _move(known: Known, key: tuple[str, ...], new: tuple[str, ...]) -> None:
    """Move an entry; what is known under both keys is put together, or stays as the new one has it."""
    value = known.pop(key)
    if isinstance(value, (set, dict)) and new in known:
        known[new] = value | known[new]
    else:
        known.setdefault(new, value)
