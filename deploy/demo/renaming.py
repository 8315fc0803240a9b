"""Numbers that stand for one another, and moving what is known of one number to another."""

from __future__ import annotations

from collections import defaultdict
from typing import Any


class File(dict[tuple[str, ...], Any]):
    """A dictionary whose keys begin with a person's number; it finds all keys of a person at once."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: defaultdict[str, dict[tuple[str, ...], None]] = defaultdict(dict)

    def __setitem__(self, key: tuple[str, ...], value: Any) -> None:
        self._keys[key[0]][key] = None
        super().__setitem__(key, value)

    def setdefault(self, key: tuple[str, ...], default: Any = None) -> Any:
        """Return what is filed under a key, after filing `default` when there is nothing."""
        if key not in self:
            self[key] = default
        return self[key]

    def move(self, before: str, after: str) -> None:
        """File everything of one number under another; of what both have, sets and dictionaries are joined."""
        for key in self._keys.pop(before, ()):
            if key not in self:
                continue
            value, new = self.pop(key), (after, *key[1:])
            if isinstance(value, (set, dict)) and new in self:
                self[new] = value | self[new]
            else:
                self.setdefault(new, value)


class Numbers:
    """Which number is valid for a person, and everything that is filed under a number (first part of each key)."""

    def __init__(self) -> None:
        self.renamed: dict[str, str] = {}
        #: Number valid now → the numbers that it took over.
        self.earlier: defaultdict[str, set[str]] = defaultdict(set)
        self.files: list[File] = []

    def file(self) -> File:
        """Return a new dictionary whose keys follow the numbers."""
        self.files.append(File())
        return self.files[-1]

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
        self.earlier[after] |= self.earlier.pop(before, set()) | {before}
        for file in self.files:
            file.move(before, after)
