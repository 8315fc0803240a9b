"""What has failed and is at rest: listed, grouped by cause, and one event with everything about it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa

from hub import headers as h
from hub.database import reading
from hub.deliveries import DeliveryBrowser, Held, State, rows
from hub.deliveries.tables import attempts, delivered, held
from hub.discretion import without_numbers
from hub.registers.tables import refusals, set_aside
from replay.selection import Selection, condition, with_every_number
from schemas.conversion import rfc3339

#: Parked, or coming again by itself after it has failed.
_FAILED: Final = sa.or_(held.c.state == State.PARKED, sa.and_(held.c.state == State.DUE, held.c.attempts > 0))
#: What differs from one event to the next in an error text: ids, numbers, and what stands in quotes.
_VARIES = re.compile(
    r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|\d+(?:•+\d+)?|'[^']{1,200}'|\"[^\"]{1,200}\"|“[^”]{1,200}”"
)
_SAMPLE = 3
#: Groups that are kept apart; the rest are counted together under no message.
_GROUPS = 1000


@dataclass(slots=True)
class Group:
    """Failures with one cause."""

    count: int = 0
    oldest: int = 1 << 62
    newest: int = 0
    attempts: int = 0
    event_ids: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Failures:
    """Looks at failures. It changes nothing."""

    deliveries: sa.Engine
    registers: sa.Engine
    #: Number → every number of its person.
    numbers_of: Callable[[Sequence[str]], Mapping[str, Sequence[str]]]

    def page(self, selection: Selection, after: tuple[str, int] = ("", 0), limit: int = 100) -> dict[str, Any]:
        """Return the next failures behind `after` = (agency, position), and where to go on."""
        query = sa.select(held).where(self._chosen(selection), sa.tuple_(held.c.agency, held.c.position) > after)
        with reading(self.deliveries) as connection:
            found = connection.execute(query.order_by(held.c.agency, held.c.position).limit(limit)).all()
        entries = [rows.held_of(row) for row in found]
        last = f"{entries[-1].agency}:{entries[-1].record.position}" if len(entries) == limit else None
        return {"failures": [failure_json(entry) for entry in entries], "next": last}

    def groups(self, selection: Selection) -> dict[str, Any]:
        """Return the failures grouped by agency, error class, type and message, the largest group first."""
        c = held.c
        kinds = (c.agency, c.error_class, c.message, c.type)
        counted = (sa.func.count(), sa.func.min(c.held_at), sa.func.max(c.held_at), sa.func.max(c.attempts))
        sampled = (sa.func.min(c.event_id), sa.func.max(c.event_id))
        query = sa.select(*kinds, *counted, *sampled).where(self._chosen(selection)).group_by(*kinds)
        found: dict[tuple[str, str, str, str], Group] = {}
        with reading(self.deliveries) as connection:
            rows_ = connection.execution_options(yield_per=1000).execute(query)
            for agency, error_class, message, type_name, *counts in rows_:
                key = (agency, error_class or "", normalised(message or ""), type_name)
                if key not in found and len(found) >= _GROUPS:
                    key = (agency, error_class or "", "", type_name)
                _add(found.setdefault(key, Group()), *counts)
        ordered = sorted(found.items(), key=lambda item: (-item[1].count, item[0]))
        total = sum(group.count for group in found.values())
        return {"failures": total, "groups": [_group_json(key, group) for key, group in ordered]}

    def show(self, event_id: str) -> dict[str, Any] | None:
        """Return everything about the failures of one event; None when it has failed nowhere."""
        with reading(self.deliveries) as connection:
            kept = connection.execute(sa.select(held).where(held.c.event_id == event_id).order_by(held.c.agency)).all()
            found = [self._one(connection, rows.held_of(row)) for row in kept]
        refused = self._refused(event_id)
        if not found and not refused:
            return None
        return {"event_id": event_id, "deliveries": found, "refused": refused}

    def _chosen(self, selection: Selection) -> sa.ColumnElement[bool]:
        if not selection.narrows:
            return _FAILED
        return sa.and_(_FAILED, condition(with_every_number(selection, self.numbers_of)))

    def _one(self, connection: sa.Connection, entry: Held) -> dict[str, Any]:
        agency, place = entry.agency, entry.record.position
        a, c = attempts.c, held.c
        tried = sa.select(attempts).where(a.agency == agency, a.position == place).order_by(a.number)
        behind = sa.select(c.event_id).where(c.agency == agency, c.behind == place, c.state == State.WAITING)
        numbers = self.numbers_of([entry.record.key])
        same_person = sa.select(sa.func.count()).where(
            c.agency == agency, c.key.in_(numbers[entry.record.key]), c.state == State.WAITING, c.position > place
        )
        later = DeliveryBrowser(self.deliveries).superseding([entry], numbers).get((agency, place))
        taken = sa.select(delivered.c.delivered_at).where(delivered.c.agency == agency, delivered.c.position == place)
        at = connection.scalar(taken)
        return {
            **failure_json(entry),
            "delivered_at": None if at is None else rfc3339(at),
            "tries": [_attempt_json(row) for row in connection.execute(tried)],
            "next_behind": list(connection.scalars(behind)),
            "waiting_behind": connection.execute(same_person).scalar_one(),
            "superseded_by": later,
            "legal_basis": entry.record.headers.get(h.LEGAL_BASIS),
        }

    def _refused(self, event_id: str) -> list[dict[str, Any]]:
        """Return when and why intake or the pipeline has refused it."""
        s, r = set_aside.c, refusals.c
        decided = sa.select(s.at, s.reason, s.detail).where(s.event_id == event_id, s.verdict == "refused")
        taken_in = sa.select(r.at, r.reason, r.detail).where(r.event_id == event_id)
        found = []
        with reading(self.registers) as connection:
            for by, query in (("intake", taken_in), ("pipeline", decided)):
                for at, reason, detail in connection.execute(query.limit(100)):
                    said = {"at": rfc3339(at), "by": by, "error_class": reason, "message": without_numbers(detail)}
                    found.append(said)
        return sorted(found, key=lambda one: one["at"])


def normalised(message: str) -> str:
    """Return an error text without what differs from one event to the next."""
    return _VARIES.sub("…", without_numbers(message))


def failure_json(entry: Held) -> dict[str, Any]:
    """Return one failure."""
    return {
        "agency": entry.agency,
        "event_id": entry.event_id,
        "type": entry.type,
        "state": entry.state,
        "attempts": entry.attempts,
        "error_class": entry.error_class,
        "message": entry.message and without_numbers(entry.message),
        "failed_at": rfc3339(entry.held_at),
        "next_at": rfc3339(entry.due_at) if entry.state is State.DUE and entry.due_at is not None else None,
        "asked_by": entry.request.by if entry.request else None,
    }


def _attempt_json(row: sa.Row[Any]) -> dict[str, Any]:
    return {
        "number": row.number,
        "at": rfc3339(row.at),
        "seconds": round(row.seconds, 3),
        "outcome": row.outcome,
        "error_class": row.error_class,
        "message": row.message and without_numbers(row.message),
        "asked_by": row.requested_by,
        "asked_at": None if row.requested_at is None else rfc3339(row.requested_at),
        "reason": row.reason,
    }


def _add(group: Group, count: int, oldest: int, newest: int, most: int, *event_ids: str) -> None:
    group.count += count
    group.oldest, group.newest = min(group.oldest, oldest), max(group.newest, newest)
    group.attempts = max(group.attempts, most)
    fresh = [event_id for event_id in dict.fromkeys(event_ids) if event_id not in group.event_ids]
    group.event_ids += fresh[: _SAMPLE - len(group.event_ids)]


def _group_json(key: tuple[str, str, str, str], group: Group) -> dict[str, Any]:
    agency, error_class, message, type_name = key
    return {
        "agency": agency,
        "error_class": error_class,
        "message": message,
        "type": type_name,
        "count": group.count,
        "oldest": rfc3339(group.oldest),
        "newest": rfc3339(group.newest),
        "most_attempts": group.attempts,
        "sample": group.event_ids,
    }
