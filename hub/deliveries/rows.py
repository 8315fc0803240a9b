"""Between the nouns of the deliveries and the rows of their tables."""

from __future__ import annotations

from typing import Any

import orjson
import sqlalchemy as sa

from hub import headers
from hub.deliveries.delivery import Failure, Held, Outcome, Request, State, Trial, Waiting
from hub.discretion import without_numbers
from hub.eventlog import Record

#: Characters of an error text that are kept.
MESSAGE_LENGTH = 2000


def held_row(agency: str, record: Record, state: State, held_at: int, **more: Any) -> dict[str, Any]:
    """Return the row that keeps a whole record; `more` are its further columns."""
    row: dict[str, Any] = {
        "agency": agency,
        "position": record.position,
        "event_id": record.headers.get(headers.ID, ""),
        "type": record.headers.get(headers.TYPE, ""),
        "state": state,
        "at": record.at,
        "key": record.key,
        "value": record.value,
        "headers": orjson.dumps(dict(record.headers)),
        "attempts": 0,
        "error_class": None,
        "message": None,
        "held_at": held_at,
        "behind": None,
        "waiting_since": None,
        "due_at": None,
    }
    return row | more


def parked_row(agency: str, trial: Trial, failure: Failure) -> dict[str, Any]:
    """Return the row of an event whose first attempt failed."""
    return held_row(
        agency,
        trial.record,
        State.PARKED if trial.next_at is None else State.DUE,
        trial.at,
        attempts=1,
        error_class=failure.error_class,
        message=clean(failure.message),
        due_at=trial.next_at,
    )


def waiting_row(agency: str, entry: Waiting, now: int) -> dict[str, Any]:
    """Return the row of an event that is kept back, not tried."""
    return held_row(agency, entry.record, State.WAITING, now, behind=entry.behind, waiting_since=now)


#: What a further attempt changes in `held_deliveries`, with the parameters that `change_of` gives.
CHANGE: dict[str, sa.BindParameter[Any]] = {
    name: sa.bindparam(f"new_{name}")
    for name in (
        "state",
        "attempts",
        "error_class",
        "message",
        "due_at",
        "delivered_at",
        "requested_by",
        "requested_at",
        "reason",
    )
}


def change_of(trial: Trial, number: int, asked: Request | None) -> dict[str, Any]:
    """Return the parameters of `CHANGE` after attempt `number`, for which somebody had asked, or nobody.

    When it comes again by the schedule, nobody has asked for that: the attempt itself keeps who asked for it.
    """
    failure = trial.failure
    asked = None if failure and trial.next_at is not None else asked
    if failure is None:
        state = State.RELEASED if number == 1 else State.DELIVERED
    elif failure.outcome is Outcome.WITHHELD:
        state = State.WITHHELD
    else:
        state = State.PARKED if trial.next_at is None else State.DUE
    return {
        "place": trial.record.position,
        "new_state": state,
        "new_attempts": number,
        "new_error_class": failure and failure.error_class,
        "new_message": failure and clean(failure.message),
        "new_due_at": failure and trial.next_at,
        "new_delivered_at": None if failure else trial.at,
        "new_requested_by": asked and asked.by,
        "new_requested_at": asked and asked.at,
        "new_reason": asked and asked.reason,
    }


def delivered_row(agency: str, trial: Trial, number: int, by: str | None) -> dict[str, Any]:
    """Return the row of an event that the agency has taken at its attempt `number`."""
    return {
        "agency": agency,
        "position": trial.record.position,
        "event_id": trial.record.headers.get(headers.ID, ""),
        "delivered_at": trial.at,
        "attempts": number,
        "replayed_by": by,
    }


def attempt_row(agency: str, trial: Trial, number: int, request: Request | None) -> dict[str, Any]:
    """Return the row of one attempt, with who asked for it."""
    failure = trial.failure or Failure(Outcome.DELIVERED, "", "")
    return {
        "agency": agency,
        "position": trial.record.position,
        "number": number,
        "at": trial.at,
        "seconds": trial.seconds,
        "outcome": failure.outcome,
        "error_class": trial.failure and failure.error_class,
        "message": trial.failure and clean(failure.message),
        "requested_by": request and request.by,
        "requested_at": request and request.at,
        "reason": request and request.reason,
    }


def held_of(row: sa.Row[Any]) -> Held:
    """Return what a row of `held_deliveries` says."""
    record = Record(row.position, row.at, row.key, bytes(row.value), orjson.loads(row.headers))
    asked = Request(row.requested_by, row.reason, row.requested_at) if row.requested_by else None
    return Held(
        row.agency,
        record,
        row.event_id,
        row.type,
        State(row.state),
        row.attempts,
        row.error_class,
        row.message,
        row.held_at,
        row.behind,
        row.due_at,
        asked,
    )


def clean(text: str) -> str:
    """Return an error text that every database takes: without personal numbers, NUL and lone surrogates, cut.

    It is masked before it is cut: half a number tells too much.
    """
    masked = without_numbers(text.replace("\0", ""))
    return masked[:MESSAGE_LENGTH].encode("utf-8", "replace").decode()
