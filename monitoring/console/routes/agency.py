"""One agency: what it may have and has, what it refused, and an operator's steps: suspend, resume, rewind."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from consumers.rewinding import RewindDesk
from hub.contacts import Rewinds, Suspension
from hub.deliveries import Request as Asked
from monitoring.console import places
from monitoring.console.agency.view import AgencyStores, view_of
from monitoring.console.once import form_id, new_form
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.refusals import Refused
from monitoring.console.repair.filters import with_offset
from monitoring.console.repair.refusals import REFUSALS, Standing, refusal_of
from monitoring.console.saying_why import reason_of, typed
from monitoring.console.visitor import Visitor, may, posted
from schemas.conversion import millis

#: Characters of a cursor or a time that are kept.
_LONGEST: Final = 200
Form = Annotated[FormData, Depends(posted)]


def add_agency(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look, act = may(parts, "look"), may(parts, "act")
    desk = RewindDesk(parts.log, parts.deliveries, parts.pushed)
    shown = _Shown(parts)

    @router.get("/agencies/{name}")
    def agency(request: Request, name: str, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        return shown(request, visitor, name)

    @router.get("/agencies/{name}/rewind")
    def estimate(request: Request, name: str, visitor: Annotated[Visitor, Depends(act)]) -> Response:
        """Say how much would come once more. Nothing is changed."""
        to = request.query_params.get("to", "").strip()[:_LONGEST]
        try:
            stretch = desk.stretch(shown.known(name), with_offset(to))
        except REFUSALS as error:
            return shown(request, visitor, name, rewind=_said(error, to=to))
        agreement = parts.agreements.by_agency[name]
        return page(
            request, visitor, "agency_rewind.html", agreement=agreement, to=to, stretch=stretch, once=new_form()
        )

    @router.get("/parts/agencies/{name}/rewind")
    def under_way(request: Request, name: str, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        """Return how far a rewind is; when none is under way any more, the page loads itself again."""
        found = Rewinds(parts.deliveries).open().get(shown.known(name))
        if found is None:
            return Response("", headers={"HX-Refresh": "true"}, media_type="text/html")
        return page(request, visitor, "agency_rewinding.html", open=found)

    @router.post("/agencies/{name}/rewind")
    def rewind(request: Request, name: str, visitor: Annotated[Visitor, Depends(act)], form: Form) -> Response:
        to = typed(form, "to").strip()[:_LONGEST]
        try:
            asked = Asked(visitor.name, reason_of(form), parts.now())
            desk.ask(shown.known(name), with_offset(to), asked, form_id(form.get("once"), asked.at))
        except REFUSALS as error:
            return shown(request, visitor, name, rewind=_said(error, to=to, reason=typed(form, "reason")))
        return RedirectResponse(f"{places.agency(name)}#rewind", 303)

    def cancel(name: str, visitor: Visitor, reason: str) -> None:
        desk.cancel(name, Asked(visitor.name, reason, parts.now()))

    def suspend(name: str, visitor: Visitor, reason: str) -> None:
        if not parts.contacts.suspend(name, Suspension(parts.now(), visitor.name, reason)):
            before = parts.contacts.of(name).suspended
            if before is None or (before.by, before.reason) != (visitor.name, reason):  # else: the button, twice
                raise Standing(f"{name} is suspended already")

    def resume(name: str, visitor: Visitor, reason: str) -> None:
        if not parts.contacts.resume(name, Suspension(parts.now(), visitor.name, reason)):
            raise Standing(f"{name} is not suspended")

    steps = {"suspend": suspend, "resume": resume, "rewind/cancel": cancel}
    for path, step in steps.items():
        taken = _taking(shown, path.replace("/", "_"), step, act)
        router.add_api_route(f"/agencies/{{name}}/{path}", taken, methods=["POST"], name=path)


class _Shown:
    """Shows an agency, with what a form was refused for."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stores = AgencyStores(
            agreements=parts.agreements.by_agency,
            catalogue=parts.catalogue,
            log=parts.log,
            deliveries=parts.deliveries,
            contacts=parts.contacts,
            failures=parts.failures,
            status=parts.status,
            pushed=frozenset(parts.pushed),
            now=parts.now,
        )

    def known(self, name: str) -> str:
        """Return the name of an agency. Raises `Refused` 404."""
        if name not in self._stores.agreements:
            raise Refused(404, "Không có cơ quan này.", "There is no such agency.")
        return name

    def __call__(self, request: Request, visitor: Visitor, name: str, **refused: Mapping[str, Any]) -> Response:
        """Return the page; `refused`: form → what was typed, and the refusal."""
        view = view_of(self._stores, self.known(name))
        status = next((one["refusal"].status for one in refused.values()), 200)
        here = places.agency(name)
        return page(
            request,
            visitor,
            "agency.html",
            status_code=status,
            view=view,
            refused=refused,
            now=self._parts.now(),
            here=here,
            ms=millis,
        )


def _taking(
    shown: _Shown, name_of_form: str, step: Callable[[str, Visitor, str], None], act: Callable[..., Visitor]
) -> Callable[..., Response]:
    def taken(request: Request, name: str, visitor: Annotated[Visitor, Depends(act)], form: Form) -> Response:
        try:
            step(shown.known(name), visitor, reason_of(form))
        except REFUSALS as error:
            return shown(request, visitor, name, **{name_of_form: _said(error, reason=typed(form, "reason"))})
        return RedirectResponse(places.agency(name), 303)

    return taken


def _said(error: Exception, **was_typed: str) -> dict[str, Any]:
    return {"refusal": refusal_of(error), "reason": "", **was_typed}
