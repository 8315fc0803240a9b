"""Counters: sites and their devices, what was verified, what is missing or odd."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import logging
from functools import partial
from typing import Annotated, Any, Final

import sqlalchemy as sa
from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.edge.alerts import Alerts
from hub.edge.devices import Devices
from hub.edge.watch import look_for_silent
from monitoring.console.live import live
from monitoring.console.page import page, render
from monitoring.console.parts import Parts
from monitoring.console.places import PREFIX
from monitoring.console.refusals import Refused
from monitoring.console.routes.events import why_of
from monitoring.console.shared import SharedPart
from monitoring.console.visitor import Visitor, may, posted
from monitoring.counters import ALERTS, DEVICE_STATES, RESULTS, Counters, outcome_in_words, read_counters
from monitoring.fresh import Fresh
from monitoring.person.places import province_text

Form = Annotated[FormData, Depends(posted)]
_LOG = logging.getLogger(__name__)
_FRESH: Final = 3.0
#: Seconds between two looks for silent devices, where no event comes in that would do it.
_LOOK: Final = 60.0
_WORDS: Final[dict[str, Any]] = {
    "alert_words": ALERTS,
    "device_states": DEVICE_STATES,
    "province_text": province_text,
    "result_words": RESULTS,
}


def add_edge(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    look = Annotated[Visitor, Depends(may(parts, "look"))]

    def read() -> Counters:
        return read_counters(parts.deliveries, parts.thresholds.silent_hours, parts.now())

    def sites(visitor: Visitor) -> str:
        told = partial(outcome_in_words, failures=parts.card_failures)
        return render(visitor, "edge_sites.html", counters=counters(), now=parts.now(), outcome_in_words=told, **_WORDS)

    def watch() -> None:
        try:
            look_for_silent(parts.deliveries, parts.thresholds, parts.now())
        except sa.exc.SQLAlchemyError as error:  # the page shows all the same what it can
            _LOG.warning("edge: could not look for silent devices: %s", type(error).__name__)

    counters, watched = Fresh(read, _FRESH), Fresh(watch, _LOOK)
    shared = SharedPart(sites, _FRESH)

    @router.get("/edge")
    def edge(request: Request, visitor: look, every: bool = False) -> Response:
        watched()
        found = counters()
        alerts = Alerts(parts.deliveries).every(also_acknowledged=True, limit=200) if every else found.alerts
        values: dict[str, Any] = {"counters": found, "alerts": alerts, "every": every, "now": parts.now(), **_WORDS}
        return page(request, visitor, "edge.html", sites=shared.html(visitor), **values)

    router.add_api_route("/parts/edge", live(parts, shared))
    _add_steps(router, parts, counters)


def _add_steps(router: APIRouter, parts: Parts, counters: Fresh[Counters]) -> None:
    act = Annotated[Visitor, Depends(may(parts, "act"))]

    @router.post("/edge/alerts/{alert_id}/acknowledge")
    def acknowledge(visitor: act, alert_id: str, form: Form) -> Response:
        if not Alerts(parts.deliveries).acknowledge(alert_id, visitor.name, why_of(form), parts.now()):
            raise Refused(
                409,
                "Không có cảnh báo nào đang mở với mã này: có thể đã có người xử lý.",
                "No alert that waits has this id: somebody may have seen to it already.",
            )
        counters.forget()
        return RedirectResponse(f"{PREFIX}/edge#alerts", 303)

    @router.post("/edge/devices/{device_id}/revoke")
    def revoke(visitor: act, device_id: str, form: Form) -> Response:
        if not Devices(parts.deliveries).revoke(device_id, visitor.name, why_of(form), parts.now()):
            raise Refused(
                409,
                "Không có thiết bị này, hoặc thiết bị đã bị thu hồi.",
                "No device has this id, or it was revoked before.",
            )
        counters.forget()
        return RedirectResponse(f"{PREFIX}/edge#devices", 303)
