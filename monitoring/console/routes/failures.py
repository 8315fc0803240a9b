"""What agencies did not take, and what was refused: grouped by cause, filtered, listed; and where a replay begins."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.replays import Kind
from monitoring.console import places
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.repair.asked import place, position
from monitoring.console.repair.filters import Typed
from monitoring.console.repair.persons import numbers_in
from monitoring.console.repair.refusals import refusal_of
from monitoring.console.visitor import Visitor, may, posted
from replay.refused_page import RefusedPage
from replay.selection import BadSelection, Selection
from schemas.conversion import millis

#: Rows of a list.
_ROWS: Final = 50
_HERE: Final = f"{places.PREFIX}/failures"


def add_failures(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = may(parts, "look")
    refused_page = RefusedPage(parts.desk.refused)

    @router.get("/failures")
    def failures(request: Request, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        typed = Typed.of(request.query_params)
        persons = parts.filtered_persons.of(visitor.name, typed.persons)
        try:
            listed = _listed(typed.looked_at(persons), typed.kind, request)
        except BadSelection as error:
            return _shown(request, visitor, typed, refusal=refusal_of(error))
        return _shown(request, visitor, typed, **listed)

    @router.post("/failures")
    def narrowed(visitor: Annotated[Visitor, Depends(look)], form: Annotated[FormData, Depends(posted)]) -> Response:
        """Take persons, who never stand in a URL, and lead to the failures that are theirs."""
        numbers = numbers_in(form.get("persons", ""))
        found = parts.filtered_persons.keep(visitor.name, numbers) if numbers else ""
        return RedirectResponse(_HERE + Typed.of(form).query(persons_of=found), 303)

    def _listed(selection: Selection, kind: Kind, request: Request) -> dict[str, Any]:
        if kind is Kind.REFUSED:
            listed = refused_page.page(selection, position(request.query_params), _ROWS)
            reasons = parts.status().refused
            return {"rows": listed["refused"], "next": listed["next"], "reasons": reasons}
        page_ = parts.failures.page(selection, place(request.query_params), _ROWS)
        return {"rows": page_["failures"], "next": page_["next"], **parts.failures.groups(selection)}

    def _shown(request: Request, visitor: Visitor, typed: Typed, **values: Any) -> Response:
        refusal = values.get("refusal")
        known: dict[str, Any] = {"rows": [], "next": None, "groups": [], "failures": 0, "reasons": {}, "refusal": None}
        persons = parts.filtered_persons.of(visitor.name, typed.persons)
        known |= {
            "typed": typed,
            "persons": persons,
            "kinds": Kind,
            "agencies": parts.agreements.by_agency,
            "types": sorted(parts.catalogue.types),
            "now": parts.now(),
            "ms": millis,
            "after": request.query_params.get("after", ""),
        }
        status = refusal.status if refusal else 200
        return page(request, visitor, "failures.html", status_code=status, **known | values)
