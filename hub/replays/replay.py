"""The nouns of replays. Times are milliseconds since 1970 UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple


class Kind(StrEnum):
    """What is sent again."""

    #: Events parked for an agency.
    DELIVERIES = "deliveries"
    #: Events that intake or the pipeline has refused: they go to the pipeline again.
    REFUSED = "refused"


class ReplayState(StrEnum):
    """Where a replay stands."""

    #: Planned; nothing happens until enough persons have approved.
    PLANNED = "planned"
    #: Its selection is frozen; it may be run.
    APPROVED = "approved"
    #: Whichever process looks after replays works on it.
    RUNNING = "running"
    PAUSED = "paused"
    #: Everything in it was asked for and has its answer.
    DONE = "done"
    #: Ended by somebody; what was asked for already still comes.
    CANCELLED = "cancelled"


class ItemState(StrEnum):
    """What became of one delivery of a replay."""

    #: Frozen, not asked for yet.
    SELECTED = "selected"
    #: Asked for: the delivery loop brings it.
    ASKED = "asked"
    #: Taken by the agency; of a refused event: taken in by the hub.
    DELIVERED = "delivered"
    #: Tried again and not taken: parked again, or refused again.
    FAILED = "failed"
    #: Not asked for, or not sent; `why` says why.
    SKIPPED = "skipped"
    #: Left parked, because the replay ended before its turn: `cancelled` or `cap`.
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's approval."""

    by: str
    at: int
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What somebody wants to be sent again, and what was found when it was planned."""

    id: str
    kind: Kind
    #: JSON; see `replay.selection`.
    selection: Mapping[str, Any]
    #: JSON; see `replay.estimate`.
    estimate: Mapping[str, Any]
    reason: str
    by: str
    at: int
    #: Persons who must stand behind it, the planner among them.
    approvals_needed: int
    #: Deliveries per second, and in all; None: no limit.
    rate: float | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Replay:
    """A plan and what came of it."""

    plan: Plan
    state: ReplayState
    approvals: Sequence[Approval] = ()
    frozen_at: int | None = None
    started_at: int | None = None
    ended_at: int | None = None
    ended_by: str | None = None
    #: State of its deliveries, with why where there is one → count.
    counts: Mapping[tuple[ItemState, str | None], int] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """Its name everywhere."""
        return self.plan.id

    def count(self, *states: ItemState) -> int:
        """Return how many of its deliveries are in one of the states."""
        return sum(count for (state, _), count in self.counts.items() if state in states)


class Item(NamedTuple):
    """One delivery of a replay."""

    replay: str
    agency: str
    position: int
    event_id: str
    state: ItemState
    why: str | None
    #: How often it had been tried when it was asked for.
    attempts: int | None
    asked_at: int | None
    ended_at: int | None


class NoSuchReplay(Exception):
    """There is no replay of this id."""


class NotNow(Exception):
    """The step is not possible in the state that the replay is in. Says why."""


class NeedsAnother(Exception):
    """Another person than the planner must approve. Says why."""
