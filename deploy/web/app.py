"""The web application: the agencies' feeds, the operators' replays and console. Every error is a problem (RFC 9457)."""

from __future__ import annotations

from fastapi import APIRouter, Depends, FastAPI

from consumers.pull.feeds import Feeds
from consumers.pull.routes import make_router as feed_router
from deploy import counters
from deploy.bootstrap import Hub
from deploy.replaying import router_of
from deploy.viewpoint import Viewpoint, viewpoint_of
from deploy.web.console import parts_of
from deploy.web.errors import answer_errors, said_once
from deploy.web.parts import feeds_of, snapshots_of
from monitoring.console import add_console, warm_up

_SAYS = (
    "Agencies read their own feed of population events here, as CloudEvents 1.0, with the token that the hub's"
    " operators gave them. Reading moves nothing: the same cursor always leads to the same events. Operators look at"
    " failures, and plan and approve replays, below /api."
)


def make_web(hub: Hub, viewpoint: Viewpoint | None = None) -> FastAPI:
    """Return the application of a hub. Tell `app.state.feeds` before it ends, so that nobody waits on.

    `viewpoint`: the looks that the process has already, if it has.
    """
    feeds = feeds_of(hub)
    app = web_of(feeds, snapshots_of(hub, feeds), router_of(hub), counters.router_of(hub))
    parts = parts_of(hub, viewpoint or viewpoint_of(hub))
    add_console(app, parts)
    app.state.first_looks = (warm_up, parts.standing, parts.outlook)
    return app


def web_of(feeds: Feeds, *others: APIRouter) -> FastAPI:
    """Return an application that answers for feeds, and with further routes."""
    app = FastAPI(
        title="Dân Cư Hub",
        description=_SAYS,
        version="1",
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(said_once)],
    )
    app.state.feeds = feeds
    for router in (feed_router(feeds), *others):
        app.include_router(router)
    answer_errors(app)
    return app
