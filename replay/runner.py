"""Works on the replays that are running, a small step at a time. Killed at any moment, another one goes on.

It only asks for deliveries and looks what became of them: the delivery loop hands them out. Everything that must be
known stands in the database; a lease keeps two processes from working on one replay at once.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import sqlalchemy as sa
from uuid_utils import uuid4

from hub.database import reading
from hub.database_errors import plain
from hub.deliveries import Request
from hub.eventlog import LogUnavailable
from hub.passing import passes, pause_after
from hub.replays import Kind, Plan, Replays, items
from hub.replays.locked import finish, running
from replay.asking import ask_for
from replay.filters import selection_of
from replay.following import follow
from replay.pace import Pace
from replay.taking_in import Door
from replay.verdict import Judge

_LOG = logging.getLogger(__name__)
#: Deliveries asked for in one transaction, and on their way for one agency at most: what a cancel can't take back.
_STEP, _WINDOW = 500, 1000
#: Seconds between two looks: while something is on its way, and when no replay runs.
_SOON, _PAUSE = 0.05, 0.3
#: Who ends a replay in which nothing is left to do.
_HUB = "dancu"


class Stop(Protocol):
    """Asks to end, as `threading.Event` does."""

    def is_set(self) -> bool:
        """Return whether to end."""

    def wait(self, timeout: float, /) -> bool:
        """Sleep up to `timeout` seconds, and no longer than until it is set."""


def runner_name() -> str:
    """Return a name that no other process has."""
    return f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"


@dataclass(slots=True)
class Runner:
    """One process that works on replays."""

    replays: Replays
    judge: Judge
    door: Door
    #: Milliseconds since 1970 UTC.
    now: Callable[[], int]
    name: str = field(default_factory=runner_name)
    _plans: dict[str, Plan] = field(default_factory=dict)
    _paces: dict[str, Pace] = field(default_factory=dict)
    _turns: int = 0

    def turn(self) -> bool:
        """Do one step of every replay that nobody else works on; say whether anything was done."""
        self._turns += 1
        moved = False
        live = self.replays.unfinished()
        for replay_id in live:
            if self.replays.claim(replay_id, self.name, self.now()):
                moved = self._step(replay_id) or moved
        for known in set(self._paces) - set(live):
            self._paces.pop(known)
            self._plans.pop(known, None)
        return moved

    @property
    def busy(self) -> bool:
        """Whether it works on any replay that is not paused."""
        return bool(self._paces)

    def has(self, replay_id: str) -> bool:
        """Say whether it is this process that works on a replay, not one that was killed a moment ago."""
        return self.replays.claim(replay_id, self.name, self.now())

    def close(self) -> None:
        """Give back what it works on, so that another one need not wait."""
        self.replays.release(self.name)

    def _step(self, replay_id: str) -> bool:
        engine, now = self.replays.engine, self.now()
        replay = None if replay_id in self._plans else self.replays.find(replay_id)
        plan = self._plans.setdefault(replay_id, replay.plan) if replay else self._plans[replay_id]
        ended = 0
        if plan.kind is Kind.DELIVERIES:
            with engine.begin() as connection:
                ended = follow(connection, replay_id, now)
        with engine.begin() as connection:
            if not running(connection, replay_id, self.name):
                self._paces.pop(replay_id, None)  # when it goes on, nothing is saved up
                return ended > 0
        went = self._ask(plan, now) if plan.kind is Kind.DELIVERIES else self._let_in(plan, now)
        if went or ended:
            return True
        with engine.begin() as connection:
            return finish(connection, replay_id, _HUB, now)

    def _ask(self, plan: Plan, now: int) -> int:
        """Ask for the next ones of every agency that has room; return how many, with those that were skipped."""
        with reading(self.replays.engine) as connection:
            ready, under_way = items.agencies_left(connection, plan.id), items.on_their_way(connection, plan.id)
        if not ready:
            return 0
        if self._left(plan) <= 0:
            return self._stop_at_cap(plan, now)
        start = self._turns % len(ready)  # with few to go at once, each agency is the first now and then
        went = 0
        for agency in [*ready[start:], *ready[:start]]:
            room = min(_STEP, _WINDOW - under_way.get(agency, 0))
            went += self._ask_one(plan, agency, room, now)
        return went

    def _ask_one(self, plan: Plan, agency: str, room: int, now: int) -> int:
        pace = self._paces.get(plan.id, Pace.begin(plan.rate, now)).later(now)
        most = min(pace.allows(room), self._left(plan))
        self._paces[plan.id] = pace
        if most < 1:
            return 0
        with reading(self.replays.engine) as connection:
            todo = items.next_of(connection, plan.id, agency, most)
        if not todo:
            return 0
        request, wide = Request(plan.by, plan.reason, now), selection_of(plan.selection).quarantined
        asked, skipped = ask_for(self.judge, plan.id, self.name, todo, request, quarantined=wide)
        self._paces[plan.id] = pace.spent(asked)
        return asked + skipped

    def _let_in(self, plan: Plan, now: int) -> int:
        pace = self._paces.get(plan.id, Pace.begin(plan.rate, now)).later(now)
        most = min(pace.allows(_STEP), self._left(plan))
        self._paces[plan.id] = pace
        if self._left(plan) <= 0:
            return self._stop_at_cap(plan, now)
        if most < 1:
            return 0
        went = self.door.let_in(self.replays.engine, plan.id, self.name, most, now)
        self._paces[plan.id] = pace.spent(went)
        return went

    def _left(self, plan: Plan) -> int:
        """Return how many may still be asked for under the cap."""
        if plan.cap is None:
            return _STEP
        with reading(self.replays.engine) as connection:
            return plan.cap - items.asked(connection, plan.id)

    def _stop_at_cap(self, plan: Plan, now: int) -> int:
        with self.replays.engine.begin() as connection:
            if running(connection, plan.id, self.name):
                return items.leave(connection, plan.id, "cap", now)
        return 0


def run_replays(runner: Runner, stop: Stop) -> None:
    """Work on replays until `stop` is set. What passes by itself is waited for; a bug is raised."""
    failures = 0
    try:
        while not stop.is_set():
            try:
                moved = runner.turn()
                failures = 0
            except Exception as error:
                if not passes(error):
                    raise
                failures += 1
                words = str(error) if isinstance(error, LogUnavailable) else plain(error)
                _LOG.warning("replays: nothing is asked for just now (%d×): %s", failures, words)
                stop.wait(pause_after(failures))
                continue
            if not moved:
                stop.wait(_SOON if runner.busy else _PAUSE)
    finally:
        _give_back(runner)


def _give_back(runner: Runner) -> None:
    try:
        runner.close()
    except (sa.exc.SQLAlchemyError, OSError) as error:  # its leases end by themselves
        _LOG.warning("replays: leases are not given back: %s", type(error).__name__)
