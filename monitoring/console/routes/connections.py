"""Every agency and locality: how it is connected, and what waits for it."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import Response

from hub.activity import HOUR, Kind
from monitoring.connections import SECTORS, State
from monitoring.console.listing import Wanted, as_csv
from monitoring.console.page import page
from monitoring.console.parts import Parts
from monitoring.console.visitor import Visitor, may
from monitoring.fresh import Fresh

#: Seconds that the curves may be old.
_CURVES: Final = 60.0
_HOURS: Final = 24
Text = Annotated[str, Query(max_length=100)]


def _wanted(sector: Text = "", state: Text = "", q: Text = "", sort: Text = "state") -> Wanted:
    return Wanted(sector, state, q, sort)


def add_connections(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = may(parts, "look")
    curves = Fresh(partial(_curves, parts), _CURVES)

    @router.get("/connections")
    def connections(
        request: Request, visitor: Annotated[Visitor, Depends(look)], wanted: Annotated[Wanted, Depends(_wanted)]
    ) -> Response:
        every = parts.connections()
        choices: Mapping[str, Any] = {"sectors": SECTORS, "states": [state.value for state in State]}
        rows = wanted.of(every)
        return page(
            request, visitor, "connections.html", rows=rows, every=len(every), wanted=wanted, curves=curves(), **choices
        )

    @router.get("/connections.csv", dependencies=[Depends(look)])
    def exported(wanted: Annotated[Wanted, Depends(_wanted)]) -> Response:
        headers = {"Content-Disposition": 'attachment; filename="dancu-connections.csv"'}
        return Response(as_csv(wanted.of(parts.connections())), headers=headers, media_type="text/csv; charset=utf-8")


def _curves(parts: Parts) -> Mapping[str, Sequence[int]]:
    """Return agency → events delivered in each of the last hours."""
    now = parts.now()
    agencies = list(parts.agreements.by_agency)
    return parts.activity.series(Kind.DELIVERED, agencies, now - (_HOURS - 1) * HOUR * 1000, now, HOUR)
