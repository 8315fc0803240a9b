"""What `settle` finds out about a batch: what goes on, in which order, and what became of the rest."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from hub.arrival import Arrival, Refusal, Repeat
from hub.facts import Fate, Held


@dataclass(slots=True)
class Settled:
    """What goes on, in order, and what became of the rest."""

    published: list[Arrival] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    #: The events of `refused`.
    dropped: list[Arrival] = field(default_factory=list)
    repeats: list[Repeat] = field(default_factory=list)
    #: Position → fate, of every event whose fate was decided here.
    fates: dict[int, Fate] = field(default_factory=dict)
    #: Position → event, of those newly kept back (and not released again in the same batch).
    held: dict[int, Held] = field(default_factory=dict)
    #: Position → step in which an event was published: twice the position of the event that came then, or one less
    #: for what was due before that. 0: after the last.
    steps: dict[int, int] = field(default_factory=dict)
    #: Positions of those that were kept back before and are so no longer.
    released: list[int] = field(default_factory=list)
    #: Position of an event that went out as a part of another → that other's id.
    joined_into: dict[int, str] = field(default_factory=dict)
    #: Positions of those that were kept back before and still are.
    _still_held: set[int] = field(default_factory=set)

    @classmethod
    def starting_with(cls, kept: Iterable[Held]) -> Settled:
        """Begin with what was kept back in earlier batches."""
        return cls(_still_held={held.arrival.position for held in kept})

    @property
    def still_held(self) -> Collection[int]:
        """Positions of those that were kept back before and still are, for the same reason."""
        return self._still_held

    def decide(self, arrival: Arrival, fate: Fate) -> None:
        """Note what became of an event. It is kept back no longer."""
        self.fates[arrival.position] = fate
        self.let_go(arrival.position)

    def publish(self, arrival: Arrival, step: int) -> None:
        """Let an event go on."""
        self.published.append(arrival)
        self.steps[arrival.position] = step

    def refuse(self, arrival: Arrival, reason: str, detail: str) -> None:
        """Drop an event with the reason as a stable code and in words."""
        self.refused.append(Refusal(arrival.position, arrival.event_id, reason, detail))
        self.dropped.append(arrival)

    def keep(self, held: Held) -> None:
        """Keep an event back."""
        self.held[held.arrival.position] = held

    def let_go(self, position: int) -> None:
        """Keep an event back no longer."""
        self.held.pop(position, None)
        if position in self._still_held:
            self._still_held.discard(position)
            self.released.append(position)
