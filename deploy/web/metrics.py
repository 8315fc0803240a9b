"""GET /metrics on the web port: Prometheus's text, open to this machine, else for operators with a token."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from hub.access import OPERATOR
from hub.access.bearer import Authenticate
from hub.problems import Problem
from monitoring.exposition import Exposition

_LOOPBACK: Final = frozenset({"127.0.0.1", "localhost", "::1"})
#: What a proxy adds: then it is somebody else who asks.
_PASSED_ON: Final = ("forwarded", "x-forwarded-for", "x-real-ip")


def metrics_router(text: Exposition, authenticate: Authenticate, *, behind_proxy: bool = False) -> APIRouter:
    """Return the route. Whoever comes through a proxy needs an operator's bearer token, of any role."""

    async def metrics(request: Request) -> Response:
        if behind_proxy or not _is_here(request):
            await run_in_threadpool(_need_operator, authenticate, request)
        accept = request.headers.get("accept", "")
        rendered = text.at_hand(accept)
        if rendered is None:
            rendered = await run_in_threadpool(text, accept)
        headers = {"Content-Type": rendered.content_type, "Cache-Control": "no-store"}
        return Response(rendered.body, headers=headers)

    router = APIRouter()
    router.add_route("/metrics", metrics, include_in_schema=False)
    return router


def _need_operator(authenticate: Authenticate, request: Request) -> None:
    if authenticate(request).kind != OPERATOR:
        raise Problem(403, "The metrics are for operators.")


def _is_here(request: Request) -> bool:
    """Whether a program on this machine asks; a page in a browser here that calls itself another name does not."""
    return request.url.hostname in _LOOPBACK and not any(name in request.headers for name in _PASSED_ON)
