"""Replays and audit entries as JSON: the same on the command line and over HTTP. No personal number is in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.audit import Broken, Written
from hub.discretion import without_numbers
from hub.replays import Item, ItemState, Replay
from hub.replays.rows import public
from schemas.conversion import rfc3339


def replay_json(replay: Replay) -> dict[str, Any]:
    """Return everything about a replay but its single deliveries."""
    plan = replay.plan
    return {
        "id": plan.id,
        "kind": plan.kind,
        "state": replay.state,
        "selection": public(plan.selection),
        "estimate": plan.estimate,
        "reason": plan.reason,
        "planned_by": plan.by,
        "planned_at": rfc3339(plan.at),
        "approvals_needed": plan.approvals_needed,
        "approvals": [{"by": one.by, "at": rfc3339(one.at), "reason": one.reason} for one in replay.approvals],
        "rate": plan.rate,
        "cap": plan.cap,
        "frozen_at": _time(replay.frozen_at),
        "started_at": _time(replay.started_at),
        "ended_at": _time(replay.ended_at),
        "ended_by": replay.ended_by,
        "progress": progress_json(replay),
    }


def progress_json(replay: Replay) -> dict[str, Any]:
    """Return how far it is: of how many deliveries how many are in which state, and why."""
    counts = {state.value: replay.count(state) for state in ItemState}
    return {
        "deliveries": replay.count(*ItemState),
        **counts,
        "skipped_why": _why(replay, ItemState.SKIPPED),
        "failed_why": _why(replay, ItemState.FAILED),
        "left_why": _why(replay, ItemState.LEFT),
    }


def _why(replay: Replay, state: ItemState) -> Mapping[str, int]:
    found = {why or "": count for (one, why), count in replay.counts.items() if one is state}
    return dict(sorted(found.items()))


def item_json(item: Item) -> dict[str, Any]:
    """Return one delivery of a replay."""
    return {
        "agency": item.agency or None,
        "event_id": item.event_id,
        "position": item.position,
        "state": item.state,
        "why": item.why,
        "asked_at": _time(item.asked_at),
        "ended_at": _time(item.ended_at),
    }


def entry_json(written: Written) -> dict[str, Any]:
    """Return an entry of the audit trail."""
    entry = written.entry
    return {
        "number": written.number,
        "at": rfc3339(entry.at),
        "by": entry.by,
        "action": entry.action,
        "subject": entry.subject,
        "reason": entry.reason and without_numbers(entry.reason),
        "detail": entry.detail,
        "hash": written.hash,
    }


def check_json(broken: Broken | None, last: Written | None) -> dict[str, Any]:
    """Return what looking through the trail has found, with its last entry, to be noted elsewhere."""
    noted = None if last is None else f"{last.number}:{last.hash}"
    if broken is None:
        return {"whole": True, "last": noted}
    return {"whole": False, "last": noted, "number": broken.number, "what": broken.what}


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)
