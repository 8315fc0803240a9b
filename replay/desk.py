"""The steps of a named replay that people take: plan, approve, start, pause, resume, cancel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from uuid_utils import uuid7

from hub.replays import Approval, Kind, Move, Plan, Replay, Replays, items
from replay.estimate import estimate_of
from replay.filters import selection_of
from replay.refused import RefusedEvents
from replay.selection import BadSelection, Selection, condition, failed, with_every_number
from replay.verdict import Judge

#: No replay is larger, and every database takes it.
_MOST = 1_000_000_000


class NothingMatches(Exception):
    """A selection means nothing at all, so nothing was planned."""


class BadPlan(ValueError):
    """A step lacks something. Says what, and what is allowed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a replay may do, and how fast."""

    #: Deliveries per second, and in all; None: no limit.
    rate: float | None = None
    cap: int | None = None


@dataclass(frozen=True, slots=True)
class Desk:
    """Where replays are planned, approved, run, paused and cancelled."""

    replays: Replays
    judge: Judge
    refused: RefusedEvents
    #: Number → every number of its person.
    numbers_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
    #: The names of the agencies that have an agreement.
    agencies: Sequence[str]
    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]
    #: Above so many deliveries a second person must approve.
    threshold: int = 100
    #: Gives a new plan its id, which rises with time.
    new_id: Callable[[], str] = lambda: str(uuid7())

    def estimate(self, kind: Kind, selection: Selection) -> dict[str, Any]:
        """Return what a replay would do. Nothing is kept. Raises `BadSelection`."""
        self._check(kind, selection)
        if kind is Kind.REFUSED:
            return self.refused.estimate(selection)
        every = with_every_number(selection, self.numbers_of)
        return estimate_of(self.replays.engine, self.judge, every, self.now()).as_json()

    def plan(self, kind: Kind, selection: Selection, by: str, reason: str, limits: Limits) -> Replay:
        """Keep a plan with its estimate. Raises `BadSelection`, `BadPlan` and `NothingMatches`."""
        by, reason = said(by, reason)
        if limits.rate is not None and not 0 < limits.rate <= 1_000_000:
            raise BadPlan("rate: deliveries per second, more than 0")
        if limits.cap is not None and not 1 <= limits.cap <= _MOST:
            raise BadPlan(f"cap: 1 to {_MOST:,}")
        estimate = self.estimate(kind, selection)
        if not estimate["deliveries"]:
            raise NothingMatches("nothing that is parked is meant by this, so nothing was planned")
        needed = self._needed(estimate["deliveries"])
        content, at = selection.as_json(), self.now()
        plan = Plan(self.new_id(), kind, content, estimate, reason, by, at, needed, limits.rate, limits.cap)
        self.replays.add(plan)
        return self.replays.find(plan.id)

    def approve(self, replay_id: str, by: str, reason: str) -> Replay:
        """Approve a plan, and freeze what it selects with the approval that is enough.

        Raises `BadPlan`, and what `Replays.approve` raises.
        """
        by, reason = said(by, reason)
        return self.replays.approve(replay_id, Approval(by, self.now(), reason), self._freeze, self._needed)

    def move(self, replay_id: str, move: Move, by: str, reason: str | None) -> Replay:
        """Start, pause, resume or cancel. Raises `BadPlan`, `NoSuchReplay` and `NotNow`."""
        by, reason = said(by, reason or (move if move in (Move.STARTED, Move.RESUMED) else ""))
        return self.replays.move(replay_id, move, by, reason, self.now())

    def _needed(self, count: int) -> int:
        return 2 if count > self.threshold else 1

    def _freeze(self, connection: sa.Connection, plan: Plan) -> int:
        """Write down what a plan selects at this moment; what fails later does not join."""
        selection = selection_of(plan.selection)
        if plan.kind is Kind.REFUSED:
            return self.refused.freeze(connection, plan.id, selection)
        every = with_every_number(selection, self.numbers_of)
        return items.freeze_held(connection, plan.id, sa.and_(failed(self.now()), condition(every)))

    def _check(self, kind: Kind, selection: Selection) -> None:
        selection.checked()
        if selection.agency is not None and selection.agency not in self.agencies:
            raise BadSelection(f"agency: no such agency; allowed: {', '.join(self.agencies)}")
        if kind is Kind.REFUSED:
            self.refused.check(selection)


def said(by: str, reason: str) -> tuple[str, str]:
    """Return who asks and why, trimmed. Raises `BadPlan` when one is missing."""
    by, reason = by.strip(), reason.strip()
    if not by or not reason:
        raise BadPlan("a replay needs the name of who asks for it and a reason")
    if not by.isprintable() or not reason.replace("\n", " ").isprintable():
        raise BadPlan("a name or a reason holds a character that can't be shown")
    if len(by) > 200 or len(reason) > 2000:
        raise BadPlan("at most 200 characters for a name and 2000 for a reason")
    return by, reason
