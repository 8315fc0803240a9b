"""Replay at once: parked deliveries are marked as due, with who asked and why. The delivery loop does the rest.

The same guards as for a named replay: what was replayed too often in vain is left alone, and so is what is out of
date; above a number of deliveries one person alone may not ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from hub.database import reading
from hub.deliveries import Deliveries, Held, Request, rows
from hub.deliveries.store import can_be_made_due
from hub.deliveries.tables import held
from replay.selection import Selection, condition
from replay.verdict import Judge

_PAGE = 500


class TooMany(Exception):
    """One person alone may not send so many again. Says how many they are, and what to do."""


@dataclass(frozen=True, slots=True)
class AtOnce:
    """What is asked for at one agency, and how many are left alone, by why."""

    asked: int
    skipped: Mapping[str, int]


def ask_at_once(
    store: Deliveries, judge: Judge, selections: Mapping[str, Selection], request: Request, most: int
) -> dict[str, AtOnce]:
    """Ask for what selections mean, by agency. Raises `TooMany` above `most` in all; then nothing was asked for."""
    count = sum(estimate(store, selection, request.at) for selection in selections.values())
    if count > most:
        raise TooMany(
            f"{count:,} deliveries are meant, and one person alone may send {most:,} again: "
            "use `dancu replay plan`, which another person approves, or name fewer"
        )
    return {agency: _ask(store, judge, agency, one, request) for agency, one in selections.items()}


def foresee(judge: Judge, selections: Mapping[str, Selection], now: int) -> dict[str, AtOnce]:
    """Return what `ask_at_once` would ask for, whoever may. Nothing is changed."""
    found = {}
    for agency, selection in selections.items():
        pages = list(_judged(judge, agency, selection, now))
        skipped = sum((Counter(why.values()) for _, why in pages), Counter[str]())
        found[agency] = AtOnce(sum(len(open_) for open_, _ in pages), dict(skipped))
    return found


def _ask(store: Deliveries, judge: Judge, agency: str, selection: Selection, request: Request) -> AtOnce:
    asked, skipped = 0, Counter[str]()
    for open_, why in _judged(judge, agency, selection, request.at):
        if open_:
            mine = sa.and_(held.c.agency == agency, held.c.position.in_(open_))
            asked += store.make_due(mine, request)
        skipped.update(why.values())
    return AtOnce(asked, dict(skipped))


def _judged(
    judge: Judge, agency: str, selection: Selection, now: int
) -> Iterator[tuple[Sequence[int], Mapping[int, str]]]:
    """Yield, page by page, the positions to be asked for, and position → why of those that are left alone."""
    for page in _pages(judge.deliveries, agency, selection, now):
        why = judge.before_asking(agency, page, quarantined=selection.quarantined)
        yield [entry.record.position for entry in page if entry.record.position not in why], why


def _pages(engine: sa.Engine, agency: str, selection: Selection, now: int) -> Iterator[Sequence[Held]]:
    after, chosen = 0, sa.and_(held.c.agency == agency, can_be_made_due(now), condition(selection))
    while True:
        query = sa.select(held).where(chosen, held.c.position > after).order_by(held.c.position).limit(_PAGE)
        with reading(engine) as connection:
            page = [rows.held_of(row) for row in connection.execute(query)]
        if not page:
            return
        yield page
        after = page[-1].record.position


def make_due(store: Deliveries, selection: Selection, request: Request) -> int:
    """Mark the selected parked deliveries as due at `request.at`, without any guard; return how many.

    What waits behind them comes by itself. What a schedule has put off is brought forward. What is due
    already keeps its first request. Raises `ValueError` when the request does not say who or why.
    """
    if not request.by.strip() or not request.reason.strip():
        raise ValueError("a replay needs the name of who asks for it and a reason")
    return store.make_due(condition(selection), request)


def estimate(store: Deliveries, selection: Selection, now: int) -> int:
    """Return how many deliveries `make_due` would mark now (milliseconds since 1970 UTC)."""
    return store.count_due(condition(selection), now)
