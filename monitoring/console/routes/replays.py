"""The replays: planned from filters, listed, and each one with its steps, its progress and its report."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from dataclasses import replace
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.replays import NoSuchReplay
from monitoring.console import places
from monitoring.console.once import OldForm, form_id, new_form
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.repair.asked import PlanTyped
from monitoring.console.repair.filters import Typed
from monitoring.console.repair.refusals import REFUSALS, Refusal, refusal_of
from monitoring.console.repair.standing import skipped
from monitoring.console.saying_why import reason_of
from monitoring.console.visitor import Visitor, may, posted
from schemas.conversion import millis

#: Rows of the list.
_ROWS: Final = 25
_HERE: Final = f"{places.PREFIX}/replays"


def add_replays(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look, act = may(parts, "look"), may(parts, "act")

    @router.get("/replays")
    def replays(request: Request, visitor: Annotated[Visitor, Depends(look)], before: str = "") -> Response:
        found = parts.desk.replays.every(_ROWS, before or None, counted=False)
        more = f"{_HERE}?before={found[-1].id}" if len(found) == _ROWS else None
        first = _HERE if before else None
        return page(request, visitor, "replays.html", replays=found, next=more, first=first)

    @router.get("/replays/new")
    def estimate(request: Request, visitor: Annotated[Visitor, Depends(act)]) -> Response:
        """Say what a replay of a selection would do. Nothing is kept."""
        return _estimated(request, visitor, Typed.of(request.query_params), PlanTyped())

    @router.post("/replays")
    def plan(
        request: Request, visitor: Annotated[Visitor, Depends(act)], form: Annotated[FormData, Depends(posted)]
    ) -> Response:
        typed, asked = Typed.of(form), PlanTyped.of(form)
        try:
            once = form_id(form.get("once"), parts.now())
            if not _planned(once, visitor):
                selection = typed.selection(parts.filtered_persons.of(visitor.name, typed.persons))
                desk = replace(parts.desk, new_id=lambda: once)
                desk.plan(typed.kind, selection, visitor.name, reason_of(form), asked.limits())
        except REFUSALS as error:
            return _estimated(request, visitor, typed, asked, refusal_of(error))
        except sa.exc.IntegrityError:
            if not _planned(once, visitor):  # else the button was pressed twice at the same moment
                return _estimated(request, visitor, typed, asked, refusal_of(OldForm()))
        return RedirectResponse(places.replay(once), 303)

    def _planned(replay_id: str, visitor: Visitor) -> bool:
        """Whether this form has planned it before."""
        try:
            return parts.desk.replays.find(replay_id).plan.by == visitor.name
        except NoSuchReplay:
            return False

    def _estimated(
        request: Request, visitor: Visitor, typed: Typed, asked: PlanTyped, refusal: Refusal | None = None
    ) -> Response:
        estimate_: dict[str, Any] | None = None
        persons = parts.filtered_persons.of(visitor.name, typed.persons)
        try:
            estimate_ = parts.desk.estimate(typed.kind, typed.selection(persons))
        except REFUSALS as error:
            refusal = refusal or refusal_of(error)
        values = {
            "typed": typed,
            "persons": persons,
            "asked": asked,
            "estimate": estimate_,
            "skipped": list(skipped(estimate_["skipped"])) if estimate_ else [],
            "threshold": parts.desk.threshold,
            "refusal": refusal,
            "once": new_form(),
            "ms": millis,
            "names": parts.agreements.by_agency,
            "here": f"{_HERE}/new{typed.query()}",
        }
        return page(request, visitor, "replay_plan.html", status_code=refusal.status if refusal else 200, **values)
