"""The first page: how the hub stands, and what needs attention now."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from functools import partial
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import Response

from monitoring.console.attention import concerns_of, shortened
from monitoring.console.live import live
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

    @router.get("")
    def overview(request: Request, visitor: Annotated[Visitor, Depends(look)]) -> Response:
        return page(request, visitor, "overview.html", figures=figures.html(visitor))

    router.add_api_route("/parts/overview", live(parts, figures))
    router.add_api_route("/data/activity", live(parts, _Curves(parts)))


class _Curves:
    """What the curves are drawn from: the same for everybody."""

    def __init__(self, parts: Parts) -> None:
        self._fresh = Fresh(partial(_curves, parts), _CURVES)

    def answer(self, _request: Request, _visitor: Visitor, /) -> Response:
        return Response(self._fresh(), media_type="application/json")

    def at_hand(self, _request: Request, _visitor: Visitor, /) -> Response | None:
        made = self._fresh.at_hand()
        return None if made is None else Response(made, media_type="application/json")


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
