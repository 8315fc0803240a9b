"""Failures, replays and the audit trail over HTTP: for the console and for operators' own programs.

The same steps and the same JSON as on the command line. Needs the extra `web`.
"""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import sqlalchemy as sa
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from hub.access import OPERATOR, Holder
from hub.access.bearer import Authenticate
from hub.audit import entries_of
from hub.database import reading
from hub.problems import Problem
from hub.replays import ItemState, Kind, Move, NeedsAnother, NoSuchReplay, NotNow
from replay.desk import BadPlan, Desk, Limits, NothingMatches
from replay.failures import Failures
from replay.selection import BadSelection, Selection, selection_of
from replay.views import entry_json, item_json, replay_json

#: What each role may do; who may do more may do less, but the audit trail is for auditors.
_MAY: Final = {
    "look": frozenset({"viewer", "operator", "approver", "auditor"}),
    "act": frozenset({"operator", "approver"}),
    "audit": frozenset({"auditor"}),
}
#: Bytes of a request's body.
_LONGEST: Final = 1_048_576
_FILTERS: Final = ("agency", "type", "error_class", "since", "until", "event_id", "attempts_min", "attempts_max")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with."""

    desk: Desk
    failures: Failures
    #: The database with the audit trail.
    engine: sa.Engine
    authenticate: Authenticate


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class PlanBody(_Body):
    """What shall be sent again."""

    kind: Literal["deliveries", "refused"] = "deliveries"
    selection: dict[str, Any] = Field(description="Filters; see docs/replay.md. An empty one is refused.")
    reason: str = ""
    rate: float | None = Field(default=None, description="Deliveries per second.")
    cap: int | None = Field(default=None, description="Deliveries in all.")
    dry_run: bool = Field(default=False, description="Only estimate; keep nothing.")


class StepBody(_Body):
    """Why the step is taken."""

    reason: str = ""


def make_router(parts: Parts) -> APIRouter:
    """Return the routes, to be mounted under `/api`."""
    router = APIRouter(prefix="/api", dependencies=[Depends(_bounded)])
    _add_failures(router, parts)
    _add_replays(router, parts)
    _add_steps(router, parts)
    _add_audit(router, parts)
    return router


def _add_failures(router: APIRouter, parts: Parts) -> None:
    look = Depends(_allowed(parts, "look"))

    @router.get("/failures", dependencies=[look])
    def failures(request: Request, after: str = "", limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Any:
        """Deliveries that have failed, page by page."""
        with _problems():
            return parts.failures.page(_filters(request, "after", "limit"), _place(after), limit)

    @router.get("/failures/groups", dependencies=[look])
    def groups(request: Request) -> Any:
        """The same, grouped by cause."""
        with _problems():
            return parts.failures.groups(_filters(request))

    @router.get("/failures/{event_id}", dependencies=[look])
    def failure(event_id: str) -> Any:
        """Everything about the failures of one event."""
        found = parts.failures.show(event_id)
        if found is None:
            raise Problem(404, "No failure of an event with this id is known.")
        return found


def _add_replays(router: APIRouter, parts: Parts) -> None:
    act = _allowed(parts, "act")
    look = Depends(_allowed(parts, "look"))

    @router.post("/replays", status_code=201)
    def plan(body: PlanBody, response: Response, holder: Annotated[Holder, Depends(act)]) -> Any:
        """Plan a replay, or only estimate it."""
        kind = Kind(body.kind)
        with _problems():
            selection = selection_of(body.selection)
            if body.dry_run:
                response.status_code = 200
                return {"estimate": parts.desk.estimate(kind, selection)}
            limits = Limits(body.rate, body.cap)
            made = parts.desk.plan(kind, selection, holder.name, body.reason, limits)
        response.headers["Location"] = f"/api/replays/{made.id}"
        return replay_json(made)

    @router.get("/replays", dependencies=[look])
    def replays(before: str | None = None, limit: Annotated[int, Query(ge=1, le=1000)] = 100) -> Any:
        """The replays, the newest first."""
        found = parts.desk.replays.every(limit, before)
        return {"replays": [replay_json(one) for one in found], "next": found[-1].id if len(found) == limit else None}

    @router.get("/replays/{replay_id}", dependencies=[look])
    def replay(replay_id: str) -> Any:
        """One replay and how far it is."""
        with _problems():
            return replay_json(parts.desk.replays.find(replay_id))

    @router.get("/replays/{replay_id}/items", dependencies=[look])
    def items(
        replay_id: str,
        state: ItemState | None = None,
        after: str = "",
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Any:
        """The single deliveries of a replay."""
        states = [state] if state else list(ItemState)
        with _problems():
            found = parts.desk.replays.items(replay_id, states, _place(after), limit)
        last = f"{found[-1].agency}:{found[-1].position}" if len(found) == limit else None
        return {"items": [item_json(one) for one in found], "next": last}


def _add_steps(router: APIRouter, parts: Parts) -> None:
    act = _allowed(parts, "act")

    @router.post("/replays/{replay_id}/approve")
    def approve(replay_id: str, body: StepBody, holder: Annotated[Holder, Depends(act)]) -> Any:
        """Approve a replay: what is selected is frozen with the approval that is enough."""
        with _problems():
            planned_by = parts.desk.replays.find(replay_id).plan.by
            if holder.role != "approver" and holder.name != planned_by:
                raise Problem(403, "What others planned is approved by those with the role approver.")
            return replay_json(parts.desk.approve(replay_id, holder.name, body.reason))

    def take(move: Move) -> Callable[..., Any]:
        def step(replay_id: str, body: StepBody, holder: Annotated[Holder, Depends(act)]) -> Any:
            with _problems():
                return replay_json(parts.desk.move(replay_id, move, holder.name, body.reason))

        return step

    said = {
        "run": (Move.STARTED, "Let the running hub send what was frozen."),
        "pause": (Move.PAUSED, "Ask for nothing more until it is resumed."),
        "resume": (Move.RESUMED, "Go on after a pause."),
        "cancel": (Move.CANCELLED, "End it: what was not asked for yet is left parked."),
    }
    for name, (move, text) in said.items():
        router.add_api_route(
            f"/replays/{{replay_id}}/{name}", take(move), methods=["POST"], name=name, description=text
        )


def _add_audit(router: APIRouter, parts: Parts) -> None:
    @router.get("/audit", dependencies=[Depends(_allowed(parts, "audit"))])
    def audit(
        subject: str | None = None,
        after: Annotated[int, Query(ge=0)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Any:
        """The audit trail, the oldest first."""
        with reading(parts.engine) as connection:
            found = entries_of(connection, subject, after, limit)
        return {
            "entries": [entry_json(one) for one in found],
            "next": found[-1].number if len(found) == limit else None,
        }


def _allowed(parts: Parts, what: str) -> Callable[[Request], Holder]:
    def holder_of(request: Request) -> Holder:
        holder = parts.authenticate(request)
        if holder.kind != OPERATOR:
            raise Problem(403, "This is for operators; an agency's token opens its own feed only.")
        if holder.role not in _MAY[what]:
            raise Problem(403, f"The role {holder.role} may not do this; it takes {' or '.join(sorted(_MAY[what]))}.")
        return holder

    return holder_of


def _bounded(request: Request) -> None:
    """Raises `Problem` for a body that is too long, or does not say how long it is."""
    if request.method == "GET":
        return
    declared = request.headers.get("content-length", "")
    if not declared.isdecimal():
        raise Problem(411, "Say with Content-Length how long the body is.")
    if int(declared) > _LONGEST:
        raise Problem(413, f"At most {_LONGEST} bytes are taken.")


def _filters(request: Request, *others: str) -> Selection:
    """Read the filters of a query. Raises `BadSelection` for one that is not known: it would mean more than wanted."""
    query = request.query_params
    unknown = set(query) - {*_FILTERS, *others}
    if unknown:
        raise BadSelection(f"unknown filter; allowed: {', '.join(_FILTERS)}. Persons are named in a body only.")
    content: dict[str, Any] = {name: query[name] for name in ("agency", "type", "error_class") if name in query}
    content |= {name: query[name].replace(" ", "+") for name in ("since", "until") if name in query}
    if "event_id" in query:
        content["event_ids"] = query.getlist("event_id")
    attempts = {name: query.get(f"attempts_{name}") for name in ("min", "max")}
    if any(value is not None and not value.isdecimal() for value in attempts.values()):
        raise BadSelection("attempts_min, attempts_max: whole numbers from 0 on")
    if any(attempts.values()):
        content["attempts"] = {name: int(value) for name, value in attempts.items() if value is not None}
    return selection_of(content) if content else Selection()


def _place(after: str) -> tuple[str, int]:
    agency, _, position = after.rpartition(":")
    if after and not position.isdecimal():
        raise Problem(400, "after: is what `next` of the page before says")
    return (agency, int(position)) if after else ("", 0)


@contextmanager
def _problems() -> Iterator[None]:
    try:
        yield
    except (BadSelection, BadPlan, NothingMatches) as error:
        raise Problem(422, f"{error}.") from error
    except NoSuchReplay as error:
        raise Problem(404, "No such replay.") from error
    except NotNow as error:
        raise Problem(409, f"{error}.") from error
    except NeedsAnother as error:
        raise Problem(403, f"{error}.") from error
