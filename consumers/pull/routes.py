"""The HTTP interface of the feeds, after http-feeds.org; see `docs/receive-feed.md`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response, Security
from fastapi.security import HTTPBearer
from starlette.responses import PlainTextResponse

import consumers.client
from consumers.pull import description
from consumers.pull.about import agreement_json, position_json, statistics_json
from consumers.pull.answers import STREAM, Wanted, wants_stream
from consumers.pull.feeds import Asked, Feeds
from consumers.pull.kinds import KINDS
from consumers.pull.paced import PIECE, Left, Paced, pieces, while_there
from consumers.pull.reading import Start, start_of_request
from hub.problems import Problem
from schemas.python_types import python_types

_PYTHON = "text/x-python"
#: What is asked for in numbers is brought into bounds; so large a number is no wish any more.
_HUGE = 2**53
_BEARER = HTTPBearer(auto_error=False, description="The agency's token, as `dancu agency token NAME` printed it.")

Cursor = Annotated[str | None, Query(alias="lastEventId", max_length=500, description="Only what comes behind it.")]
LastSeen = Annotated[str | None, Header(alias="Last-Event-ID", max_length=500, description="The same, for streams.")]
Wait = Annotated[int, Query(alias="timeout", ge=0, le=_HUGE, description="Milliseconds to wait; at most 60,000.")]
Limit = Annotated[int | None, Query(ge=1, le=_HUGE, description="Events at most; never more than 1,000; else 100.")]


def make_router(feeds: Feeds) -> APIRouter:
    """Return the routes of the feeds."""
    router = APIRouter(tags=["feeds"], dependencies=[Security(_BEARER)])

    @router.get("/feeds/{agency}", **description.PAGE)
    async def page(
        request: Request, agency: str, cursor: Cursor = None, wait: Wait = 0, limit: Limit = None, seen: LastSeen = None
    ) -> Response:
        await feeds.admit(request, agency)
        start = start_of_request(agency, cursor or seen)
        if wants_stream(request):
            return await _stream(feeds, request, agency, start)
        limits = feeds.parts.limits
        most, seconds = min(limit or limits.usual_page, limits.page), min(wait / 1000, limits.wait)
        return await _page(feeds, request, Asked(agency, start, most, seconds, Wanted.by(request)))

    @router.get("/feeds/{agency}/events", **description.EVENTS)
    async def events(request: Request, agency: str, cursor: Cursor = None, seen: LastSeen = None) -> Response:
        await feeds.admit(request, agency)
        return await _stream(feeds, request, agency, start_of_request(agency, seen or cursor))

    _add_facts(router, feeds)
    public = APIRouter(tags=["feeds"])
    _add_public(public)
    public.include_router(router)
    return public


def _add_facts(router: APIRouter, feeds: Feeds) -> None:
    parts = feeds.parts

    @router.get("/feeds/{agency}/position", **description.POSITION)
    async def position(request: Request, agency: str) -> Response:
        await feeds.admit(request, agency)
        return _json(await feeds.in_thread(position_json, parts.log, agency))

    @router.get("/feeds/{agency}/agreement", **description.AGREEMENT)
    async def agreement(request: Request, agency: str) -> Response:
        await feeds.admit(request, agency)
        return _json(await feeds.in_thread(agreement_json, parts.agreements.by_agency[agency], parts.catalogue))

    @router.get("/feeds/{agency}/statistics", **description.STATISTICS)
    async def statistics(request: Request, agency: str) -> Response:
        await feeds.admit(request, agency)
        summary = await feeds.in_thread(parts.deliveries.summary, agency)
        return _json(await feeds.in_thread(statistics_json, parts.log, agency, summary, feeds.requests_of(agency)))

    @router.get("/feeds/{agency}/types.py", **description.TYPES)
    async def types(request: Request, agency: str) -> Response:
        await feeds.admit(request, agency)
        grants = sorted(parts.agreements.by_agency[agency].grants)
        text = await feeds.in_thread(python_types, [parts.catalogue.views[agency, name] for name in grants])
        return PlainTextResponse(text, media_type=_PYTHON)


def _add_public(router: APIRouter) -> None:
    """Add what anybody may read."""

    @router.get("/dancu_feed.py", **description.CLIENT)
    async def client() -> Response:
        return PlainTextResponse(Path(consumers.client.__file__).read_bytes(), media_type=_PYTHON)

    @router.get("/problems/{name}", **description.KIND)
    async def kind(name: str) -> Response:
        if name not in KINDS:
            raise Problem(404, "There is no such kind of problem.")
        return PlainTextResponse(f"{KINDS[name].title} (HTTP {KINDS[name].status})\n\n{KINDS[name].says}\n")


async def _page(feeds: Feeds, request: Request, asked: Asked) -> Response:
    """Return a page. A large one takes a place among those that are being sent, until it is sent."""
    try:
        body, headers = await while_there(request.receive, feeds.page(asked))
    except Left:
        return Response(status_code=499)
    if asked.seconds:
        await feeds.admit(request, asked.agency)  # the token may have been revoked meanwhile
    if body is None:
        return Response(status_code=304, headers=headers)
    if len(body) <= PIECE:
        return Response(body, headers=headers)
    with ExitStack() as stack:
        stack.enter_context(feeds.sending.seat(asked.agency))
        return Paced(pieces(body), headers, feeds.parts.limits.reader, stack.pop_all().close)


async def _stream(feeds: Feeds, request: Request, agency: str, start: Start) -> Response:
    """Return a stream. What is wrong with its cursor is told before it begins."""
    items = await feeds.piece(agency, start)
    with ExitStack() as stack:
        stack.enter_context(feeds.streams.seat(agency))
        headers = {"Content-Type": STREAM, "Cache-Control": "private, no-store", "X-Accel-Buffering": "no"}
        content = feeds.stream(request, agency, start, items)
        return Paced(content, headers, feeds.parts.limits.reader, stack.pop_all().close)


def _json(content: Any) -> Response:
    return Response(
        orjson.dumps(content), headers={"Cache-Control": "private, no-cache"}, media_type="application/json"
    )
