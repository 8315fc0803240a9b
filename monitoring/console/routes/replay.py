"""One replay: where it stands, live; who may approve it; the steps that can be taken now; and what came of it."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.replays import ItemState, Kind, NoSuchReplay, NotNow, Replay, ReplayState
from hub.replays.rows import public
from monitoring.console import places
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.refusals import Refused
from monitoring.console.repair.asked import item_state, place
from monitoring.console.repair.progress import Following
from monitoring.console.repair.refusals import REFUSALS, NotForYou, Refusal, refusal_of
from monitoring.console.repair.standing import (
    ITEMS,
    LEADS_TO,
    MOVES,
    STATES,
    approvals,
    holder_of,
    moves,
    report,
    skipped,
)
from monitoring.console.saying_why import reason_of, typed
from monitoring.console.visitor import Visitor, may, posted
from replay.approving import not_for_others
from schemas.conversion import millis

#: Rows of the list of deliveries.
_ROWS: Final = 50
Form = Annotated[FormData, Depends(posted)]


def add_replay(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look, act = may(parts, "look"), may(parts, "act")
    following = Following(parts.desk.replays.find, parts.now)
    shown = _Shown(parts, following)

    @router.get("/replays/{replay_id}")
    def replay(request: Request, replay_id: str, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        return shown(request, visitor, replay_id)

    @router.get("/parts/replays/{replay_id}", dependencies=[Depends(look)])
    def progress(
        request: Request, replay_id: str, visitor: Annotated[Visitor, Depends(look)], state: str = ""
    ) -> Response:
        """Return how far it is; a page that shows another state, and so other steps, is told to load itself again."""
        with known():
            found, far = following(replay_id)
        response = page(request, visitor, "replay_progress.html", replay=found, far=far, states=STATES)
        if state and state != found.state:
            response.headers["HX-Refresh"] = "true"
        return response

    @router.post("/replays/{replay_id}/approve")
    def approve(request: Request, replay_id: str, visitor: Annotated[Visitor, Depends(act)], form: Form) -> Response:
        with known():
            planned_by = parts.desk.replays.find(replay_id).plan.by
        try:
            if not_for_others(planned_by, holder_of(visitor.name, visitor.role)):
                raise NotForYou
            parts.desk.approve(replay_id, visitor.name, reason_of(form))
        except REFUSALS as error:
            return shown(request, visitor, replay_id, "approve", refusal_of(error), typed(form, "reason"))
        return RedirectResponse(places.replay(replay_id), 303)

    @router.post("/replays/{replay_id}/{step}")
    def take(
        request: Request, replay_id: str, step: str, visitor: Annotated[Visitor, Depends(act)], form: Form
    ) -> Response:
        if step not in MOVES:
            raise Refused(404, "Không có bước này.", "There is no such step.")
        reason = typed(form, "reason")
        try:
            with known():
                parts.desk.move(replay_id, MOVES[step][0], visitor.name, _reason(step, form))
        except NotNow as error:
            if parts.desk.replays.find(replay_id).state is not LEADS_TO[step]:  # else: the button, twice
                return shown(request, visitor, replay_id, step, refusal_of(error), reason)
        except REFUSALS as error:
            return shown(request, visitor, replay_id, step, refusal_of(error), reason)
        return RedirectResponse(places.replay(replay_id), 303)


@contextmanager
def known() -> Iterator[None]:
    """Answer for a replay that there is not."""
    try:
        yield
    except NoSuchReplay as error:
        raise Refused(404, "Không có lần gửi lại này.", "There is no such replay.") from error


def _reason(step: str, form: FormData) -> str | None:
    """To begin or to go on needs no further reason."""
    return reason_of(form) if step in ("pause", "cancel") or typed(form, "reason").strip() else None


class _Shown:
    """Shows a replay, with what a form was refused for."""

    def __init__(self, parts: Parts, following: Following) -> None:
        self._parts = parts
        self._following = following

    def __call__(
        self,
        request: Request,
        visitor: Visitor,
        replay_id: str,
        step: str = "",
        refusal: Refusal | None = None,
        reason: str = "",
    ) -> Response:
        """Return the page; `step` was refused, with the reason that was typed."""
        with known():
            found, far = self._following(replay_id, anew=True)
        wanted = item_state(request.query_params)
        after = place(request.query_params)
        listed = self._parts.desk.replays.items(replay_id, [wanted] if wanted else list(ItemState), after, _ROWS)
        last = f"{listed[-1].agency}:{listed[-1].position}" if len(listed) == _ROWS else None
        values: dict[str, Any] = {
            "replay": found,
            "far": far,
            "states": STATES,
            "item_states": ITEMS,
            "report": report(found),
            "approvals": approvals(found, holder_of(visitor.name, visitor.role)),
            "moves": moves(found, visitor.role),
            "selection": public(found.plan.selection),
            "skipped": list(skipped(found.plan.estimate.get("skipped", {}))),
            "items": listed,
            "wanted": wanted,
            "next": last,
            "live": _live(found),
            "of_refused": found.plan.kind is Kind.REFUSED,
            "step": step,
            "refusal": refusal,
            "reason": reason,
            "names": self._parts.agreements.by_agency,
            "now": self._parts.now(),
            "ms": millis,
            "here": places.replay(replay_id),
        }
        return page(request, visitor, "replay.html", status_code=refusal.status if refusal else 200, **values)


def _live(replay: Replay) -> bool:
    """Whether anything can change without somebody taking a step on this page: others take steps too."""
    under_way = replay.count(ItemState.ASKED) > 0
    return replay.state not in (ReplayState.DONE, ReplayState.CANCELLED) or under_way
