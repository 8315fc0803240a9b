"""The web application: the agencies' feeds, and the operators' replays. Every error is a problem (RFC 9457)."""

from __future__ import annotations

import logging
from typing import Any

import sqlalchemy as sa
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from consumers.pull.feeds import Feeds
from consumers.pull.routes import make_router as feed_router
from deploy.bootstrap import Hub
from deploy.home import HomeDamaged
from deploy.replaying import router_of
from deploy.web.parts import feeds_of, snapshots_of
from hub.database_errors import plain
from hub.eventlog import LogUnavailable
from hub.passing import passes
from hub.problems import Problem

_LOG = logging.getLogger(__name__)
_SAYS = (
    "Agencies read their own feed of population events here, as CloudEvents 1.0, with the token that the hub's"
    " operators gave them. Reading moves nothing: the same cursor always leads to the same events. Operators look at"
    " failures, and plan and approve replays, below /api."
)


def make_web(hub: Hub) -> FastAPI:
    """Return the application of a hub. Tell `app.state.feeds` before it ends, so that nobody waits on."""
    feeds = feeds_of(hub)
    return web_of(feeds, snapshots_of(hub, feeds), router_of(hub))


def web_of(feeds: Feeds, *others: APIRouter) -> FastAPI:
    """Return an application that answers for feeds, and with further routes."""
    app = FastAPI(title="Dân Cư Hub", description=_SAYS, version="1", docs_url=None, redoc_url=None)
    app.state.feeds = feeds
    for router in (feed_router(feeds), *others):
        app.include_router(router)
    app.add_exception_handler(Problem, _answer_problem)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    for broken in (LogUnavailable, HomeDamaged, sa.exc.SQLAlchemyError):
        app.add_exception_handler(broken, _answer_broken)
    app.add_exception_handler(Exception, _answer_bug)
    describe = app.openapi
    app.openapi = lambda: _as_answered(describe())  # type: ignore[method-assign]  # FastAPI's own way to change it
    return app


def _as_answered(described: dict[str, Any]) -> dict[str, Any]:
    """Take out FastAPI's 422: what can't be read is answered with 400, see `_answer_invalid`."""
    for methods in described["paths"].values():
        for operation in methods.values():
            operation["responses"].pop("422", None)
    for name in ("HTTPValidationError", "ValidationError"):
        described.get("components", {}).get("schemas", {}).pop(name, None)
    return described


async def _answer_problem(_: Request, problem: Exception) -> Response:
    assert isinstance(problem, Problem)  # noqa: S101 - registered for it alone
    return problem.response()


async def _answer_http(_: Request, error: Exception) -> Response:
    """Answer what Starlette refuses by itself, such as an unknown path, in the same form."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for it alone
    return Problem(error.status_code, f"{error.detail}. See /openapi.json for what there is.", error.headers).response()


async def _answer_invalid(_: Request, error: Exception) -> Response:
    """Name what is wrong with a request, without the value: it may be personal."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for it alone
    found = "; ".join(f"{'.'.join(map(str, one['loc'][1:]))}: {one['msg']}" for one in error.errors())
    return Problem(400, f"The request can't be read: {found}.").response()


async def _answer_broken(request: Request, error: Exception) -> Response:
    """Answer for a broken world; mostly it mends itself. Whoever asks learns nothing of its inside."""
    words = plain(error) if isinstance(error, sa.exc.SQLAlchemyError) else str(error)
    _LOG.warning("%s: not answered: %s", request.scope["route"].path if "route" in request.scope else "?", words)
    if passes(error) or isinstance(error, LogUnavailable):
        return Problem(503, "The hub's log or database can't be used now.", {"Retry-After": "5"}).response()
    return Problem(500, "The hub can't use its log or database; its operators must look.").response()


async def _answer_bug(_: Request, __: Exception) -> Response:
    return Problem(500, "The hub failed on this request; its log says where.").response()
