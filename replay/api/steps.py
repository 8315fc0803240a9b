"""The steps of a replay over HTTP: approve, run, pause, resume, cancel."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Callable
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends

from hub.access import Holder
from hub.problems import Problem
from hub.replays import Move
from replay.api.admission import Parts, allowed, problems
from replay.api.asked import ReplayId, StepBody
from replay.api.description import STEP
from replay.approving import not_for_others
from replay.views import replay_json

_SAID: Final = {
    "run": (Move.STARTED, "Let the running hub send what was frozen."),
    "pause": (Move.PAUSED, "Ask for nothing more until it is resumed."),
    "resume": (Move.RESUMED, "Go on after a pause."),
    "cancel": (Move.CANCELLED, "End it: what was not asked for yet is left parked."),
}


def add_steps(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    act = allowed(parts, "act")

    @router.post("/replays/{replay_id}/approve", responses=STEP)
    def approve(replay_id: ReplayId, body: StepBody, holder: Annotated[Holder, Depends(act)]) -> Any:
        """Approve a replay: what is selected is frozen with the approval that is enough."""
        with problems():
            planned_by = parts.desk.replays.find(replay_id).plan.by
            if not_for_others(planned_by, holder):
                raise Problem(403, "What others planned is approved by those with the role approver.")
            return replay_json(parts.desk.approve(replay_id, holder.name, body.reason))

    def take(move: Move) -> Callable[..., Any]:
        def step(replay_id: ReplayId, body: StepBody, holder: Annotated[Holder, Depends(act)]) -> Any:
            with problems():
                return replay_json(parts.desk.move(replay_id, move, holder.name, body.reason))

        return step

    for name, (move, text) in _SAID.items():
        path = f"/replays/{{replay_id}}/{name}"
        router.add_api_route(path, take(move), methods=["POST"], name=name, description=text, responses=STEP)
