"""How far the reading of one card has come: a card may go away at any moment, and what was found by then is told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from adapters.card_reader.chip import Chip
from adapters.card_reader.failure import Code
from adapters.card_reader.passive import Signer
from adapters.card_reader.result import Checks, Document, Level, Reading

#: The data group with the face.
PHOTO = 2


@dataclass(slots=True)
class Progress:
    """What has been found so far: a card may go away at any moment."""

    chip: Chip
    groups: dict[int, bytes] = field(default_factory=dict)
    absent: set[int] = field(default_factory=set)
    checks: dict[str, str | bool | None] = field(default_factory=dict)
    ms: dict[str, float] = field(default_factory=dict)
    sod: bytes | None = None
    past_sod: bool = False
    signer: Signer | None = None
    document: Document | None = None

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Time what is inside, also when it fails."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self.ms[name] = 1000 * (time.perf_counter() - started)

    def fetch(self, group: int) -> bytes | None:
        """Read a data group, to be covered by passive authentication; None if the chip says that it has none."""
        content = self.chip.read(group)
        if content is None:
            self.absent.add(group)
        else:
            self.groups[group] = content
        return content

    def reading(self, level: Level | None, error: Code | None) -> Reading:
        """Return the result. Of a card that can't be believed nobody's number is told, unless it has only expired."""
        told = level or error is Code.document_expired
        photo = self.groups.get(PHOTO) if level else None
        found = Checks(**self.checks)  # type: ignore[arg-type]  # a dict has one type for all its values
        return Reading(level, found, error, self.document if told else None, self.ms, self.past_sod, self.signer, photo)
