"""The first page: how the hub stands, and what needs attention now."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from monitoring.console.attention import concerns_of, shortened
from monitoring.console.outlook import curves_of, today_of
from monitoring.console.page import page, render
from monitoring.console.parts import Parts
from monitoring.console.shared import SharedPart
from monitoring.console.visitor import Visitor, may
from monitoring.fresh import Fresh

#: Seconds that the figures may be old, and the curves.
_FIGURES: Final = 4.0
_CURVES: Final = 14.0


def add_overview(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = may(parts, "look")
    figures = SharedPart(lambda visitor: render(visitor, "overview_figures.html", **_figures(parts)), _FIGURES)
    curves = Fresh(partial(_curves, parts), _CURVES)

    @router.get("")
    def overview(request: Request, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        return page(request, visitor, "overview.html", figures=figures.html(visitor))

    @router.get("/parts/overview")
    def fetched(request: Request, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        return figures.answer(request, visitor)

    @router.get("/data/activity", dependencies=[Depends(look)])
    def drawn() -> Response:
        return Response(curves(), media_type="application/json")


def _figures(parts: Parts) -> dict[str, Any]:
    standing, now = parts.standing(), parts.now()
    concerns = concerns_of(standing.status, standing.connections, parts.outlook())
    return {
        "now": now,
        "status": standing.status,
        "sectors": standing.sectors,
        "today": today_of(parts.activity, now),
        "concerns": concerns,
        "shown": shortened(concerns),
        "names": {one.party.agency: one.party for one in standing.connections},
    }


def _curves(parts: Parts) -> bytes:
    found = curves_of(parts.activity, sorted(parts.catalogue.types), parts.now())
    return orjson.dumps({"columns": list(found)})
