"""The cases of linked procedures for those who look at them: pages, one case, counts. It changes nothing."""

from __future__ import annotations

import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa

from hub.database import among, reading
from hub.procedures.case import Case, StepOfCase, case_of, step_of
from hub.procedures.course import State
from hub.procedures.tables import cases, steps, tallies

_c, _s = cases.c, steps.c
#: What a page gives as its next: a time in ms, and an event id.
_PLACE = re.compile(r"([0-9]{1,15})\.(.{1,500})")


class Page(NamedTuple):
    """Some cases, and where the next page begins."""

    cases: Sequence[Case]
    #: None: there are no more.
    next: str | None


class NoSuchPage(ValueError):
    """`after` is not what a page gave as `next`."""


class Cases:
    """Reads cases from the database of the deliveries. Every question is answered from an index."""

    def __init__(self, engine: sa.Engine, clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
        """`clock` gives ms since 1970 UTC: it decides who is late."""
        self._engine = engine
        self._clock = clock

    def page(
        self,
        procedure: str | None = None,
        state: State | None = None,
        after: str | None = None,
        limit: int = 50,
        agency: str | None = None,
    ) -> Page:
        """Return a page of cases in a state, or of all that are open or late; those late for longest come first.

        What has ended comes with the newest first. `agency`: open and late ones that wait for it. `after` is the
        `next` of the page before. Raises `NoSuchPage`; `ValueError` for `agency` with a state that has ended.
        """
        now, ended = self._clock(), state in (State.DONE, State.CANCELLED)
        if agency is not None and ended:
            raise ValueError("a case that has ended waits for no agency")
        place = _place(after)
        query = _ended(state, procedure, place) if ended else _waiting(state, procedure, agency, now, place)
        with reading(self._engine) as connection:
            found = connection.execute(query.limit(limit + 1)).all()
            shown = found[:limit]
            cases_ = _read(connection, [row.event_id for row in shown], now)
        more = f"{shown[-1].at}.{shown[-1].event_id}" if len(found) > limit else None
        return Page([cases_[row.event_id] for row in shown], more)

    def case(self, event_id: str) -> Case | None:
        """Return the case that an event has begun, if it has begun one."""
        if not event_id.isprintable():  # no event has such an id, and PostgreSQL takes not every sign
            return None
        with reading(self._engine) as connection:
            return _read(connection, [event_id], self._clock()).get(event_id)

    def counts(self) -> Mapping[tuple[str, str], int]:
        """Return (procedure, state) → number of cases, for those that there are."""
        found: dict[tuple[str, str], int] = {}
        late = sa.select(sa.func.count()).where(
            _c.procedure == sa.bindparam("of"), _c.state == State.OPEN.value, _c.turns_at < self._clock()
        )
        with reading(self._engine) as connection:
            for procedure, state, count in connection.execute(sa.select(tallies)):
                found[procedure, state] = count
            for procedure in {procedure for procedure, _ in found}:  # each is a range of an index
                count = connection.execute(late, {"of": procedure}).scalar_one()
                found[procedure, State.LATE.value] = count
                found[procedure, State.OPEN.value] = found.get((procedure, State.OPEN.value), 0) - count
        return {key: count for key, count in found.items() if count}

    def late_by_agency(self) -> Mapping[tuple[str, str], int]:
        """Return (procedure, agency) → number of cases in which the agency is late."""
        query = sa.select(_s.procedure, _s.agency, sa.func.count()).where(_s.waits_until < self._clock())
        grouped = query.group_by(_s.agency, _s.procedure)
        with reading(self._engine) as connection:
            return {(procedure, agency): count for procedure, agency, count in connection.execute(grouped)}


def _place(after: str | None) -> tuple[int, str] | None:
    if after is None:
        return None
    found = _PLACE.fullmatch(after)
    if found is None or not found[2].isprintable():
        raise NoSuchPage("--after: this is not what a page gave as its next")
    return int(found[1]), found[2]


def _ended(state: State | None, procedure: str | None, place: tuple[int, str] | None) -> sa.Select[Any]:
    assert state is not None  # noqa: S101 - what `page` has looked at
    query = sa.select(_c.event_id, _c.turns_at.label("at")).where(_c.state == state.value)
    if procedure is not None:
        query = query.where(_c.procedure == procedure)
    if place is not None:
        query = query.where(sa.tuple_(_c.turns_at, _c.event_id) < place)
    return query.order_by(_c.turns_at.desc(), _c.event_id.desc())


def _waiting(
    state: State | None, procedure: str | None, agency: str | None, now: int, place: tuple[int, str] | None
) -> sa.Select[Any]:
    """Each looks at one table only, so that an index gives the order whatever the planner knows."""
    if agency is None:
        c, at = _c, _c.turns_at
        query = sa.select(c.event_id, at.label("at")).where(_c.state == State.OPEN.value)
    else:
        c, at = _s, _s.waits_until
        query = sa.select(c.event_id, at.label("at")).where(_s.agency == agency, at.is_not(None))
    if procedure is not None:
        query = query.where(c.procedure == procedure)
    if state is State.LATE:
        query = query.where(at < now)
    elif state is State.OPEN:
        query = query.where(at >= now)
    if place is not None:
        query = query.where(sa.tuple_(at, c.event_id) > place)
    return query.order_by(at, c.event_id)


def _read(connection: sa.Connection, event_ids: Sequence[str], now: int) -> Mapping[str, Case]:
    """Return these cases as far as they are there, by event id."""
    lines: dict[str, list[StepOfCase]] = defaultdict(list)
    for event_id, *line, waits_until in connection.execute(sa.select(steps).where(among(_s.event_id, event_ids))):
        lines[event_id].append(step_of(line, waits_until, now))
    rows = connection.execute(sa.select(cases).where(among(_c.event_id, event_ids)))
    return {row.event_id: case_of(row, lines[row.event_id], now) for row in rows}
