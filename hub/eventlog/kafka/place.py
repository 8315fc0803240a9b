"""A place in a partition: Kafka counts offsets, which have holes; we count records. A place knows both."""

from __future__ import annotations

from typing import NamedTuple, Self

from hub.eventlog import start_of


class Place(NamedTuple):
    """Between two records of a partition."""

    #: Kafka's offset of the next record, or of something before it that is no record.
    offset: int
    #: Our position of the record before.
    position: int
    #: The latest time of any record so far, in milliseconds since 1970 UTC: ours never goes backwards.
    at: int

    @classmethod
    def start(cls, partition: int) -> Self:
        """Return the place before a partition's first record."""
        return cls(0, start_of(partition), 0)

    @classmethod
    def of(cls, offset: int, text: str) -> Self:
        """Read what `text` wrote. Raises ValueError."""
        position, at = text.split(" ")
        return cls(offset, int(position), int(at))

    @property
    def text(self) -> str:
        """All but the offset, for a commit's metadata."""
        return f"{self.position} {self.at}"
