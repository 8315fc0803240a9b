"""Replays over HTTP: planned, listed, and looked at."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from hub.access import Holder
from hub.replays import ItemState, Kind
from replay.api.admission import Parts, allowed, problems
from replay.api.asked import ItemsPage, PlanBody, ReplayId, ReplaysPage, place_of
from replay.api.description import ITEMS, PLAN, REPLAY, REPLAYS
from replay.desk import Limits
from replay.filters import selection_of
from replay.views import item_json, replay_json


def add_replays(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    act = allowed(parts, "act")
    look = Depends(allowed(parts, "look"))

    @router.post("/replays", status_code=201, responses=PLAN)
    def plan(body: PlanBody, response: Response, holder: Annotated[Holder, Depends(act)]) -> Any:
        """Plan a replay, or only estimate it."""
        kind = Kind(body.kind)
        with problems():
            selection = selection_of(body.selection)
            if body.dry_run:
                response.status_code = 200
                return {"estimate": parts.desk.estimate(kind, selection)}
            limits = Limits(body.rate, body.cap)
            made = parts.desk.plan(kind, selection, holder.name, body.reason, limits)
        response.headers["Location"] = f"/api/replays/{made.id}"
        return replay_json(made)

    @router.get("/replays", dependencies=[look], responses=REPLAYS)
    def replays(asked: Annotated[ReplaysPage, Query()]) -> Any:
        """The replays, the newest first."""
        found = parts.desk.replays.every(asked.limit, asked.before)
        more = found[-1].id if len(found) == asked.limit else None
        return {"replays": [replay_json(one) for one in found], "next": more}

    @router.get("/replays/{replay_id}", dependencies=[look], responses=REPLAY)
    def replay(replay_id: ReplayId) -> Any:
        """One replay and how far it is."""
        with problems():
            return replay_json(parts.desk.replays.find(replay_id))

    @router.get("/replays/{replay_id}/items", dependencies=[look], responses=ITEMS)
    def items(replay_id: ReplayId, asked: Annotated[ItemsPage, Query()]) -> Any:
        """The single deliveries of a replay."""
        states = [asked.state] if asked.state else list(ItemState)
        with problems():
            parts.desk.replays.find(replay_id)
            found = parts.desk.replays.items(replay_id, states, place_of(asked.after), asked.limit)
        last = f"{found[-1].agency}:{found[-1].position}" if len(found) == asked.limit else None
        return {"items": [item_json(one) for one in found], "next": last}
