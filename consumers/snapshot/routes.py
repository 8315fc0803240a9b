"""`GET /feeds/{agency}/snapshot`: the same lines over HTTP, as they are made. Needs the extra `web`."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Annotated, Any

import sqlalchemy as sa
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from consumers.pull.description import REFUSED
from consumers.snapshot.lines import Tally
from consumers.snapshot.moment import SnapshotRefused, Stores
from consumers.snapshot.serving import Asked, snapshot
from hub.problems import Problem, described

#: Lets the agency in whose feed is asked for; raises `Problem` for everybody else.
Admit = Callable[[Request, str], Awaitable[None]]
NDJSON = "application/x-ndjson"
_DESCRIBED: dict[str, Any] = {
    "summary": "A snapshot for a new agency",
    "description": (
        "All that the agency may know today, one CloudEvent on a line, between a first line"
        " (`vn.dancu.snapshot.begun`) and a last one (`vn.dancu.snapshot.ended`) which tell the cursor to follow the"
        " feed from. Lines `vn.dancu.snapshot.reached` have a token: send the last one as `resume` to go on after a"
        " break. An answer without the last line is not whole. One at a time for each agency."
    ),
    "response_class": Response,
    "responses": {
        200: {"content": {NDJSON: {"schema": {"type": "string"}}}, "description": "The lines."},
        **REFUSED,
        409: described("A snapshot can't be taken or go on."),
        429: described("The agency is being given one already."),
    },
}

Resume = Annotated[str | None, Query(max_length=40_000, description="The token of the last line that had one.")]


def make_router(stores: Stores, audit: sa.Engine, admit: Admit) -> APIRouter:
    """Return the route. `audit` is the database of the deliveries."""
    router, busy = APIRouter(tags=["feeds"]), set[str]()

    @router.get("/feeds/{agency}/snapshot", **_DESCRIBED)
    async def take(request: Request, agency: str, resume: Resume = None) -> Response:
        await admit(request, agency)
        if agency in busy:
            raise Problem(429, "You are being given a snapshot already. Take it, or end that request.")
        busy.add(agency)
        try:
            pieces = await run_in_threadpool(_begun, stores, audit, agency, resume)
        except BaseException:
            busy.discard(agency)
            raise
        return _Lines(pieces, partial(busy.discard, agency))

    return router


class _Lines(StreamingResponse):
    """Is sent as it is made: whoever reads slowly makes nobody else wait. Says when it is through, however it ends."""

    def __init__(self, pieces: Iterator[bytes], through: Callable[[], None]) -> None:
        super().__init__(pieces, media_type=NDJSON)
        self._through = through

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._through()


def _begun(stores: Stores, audit: sa.Engine, agency: str, resume: str | None) -> Iterator[bytes]:
    asked = Asked(f"agency {agency}", "asked for over HTTP", lambda: time.time_ns() // 1_000_000)
    try:
        return snapshot(stores, audit, agency, asked, None if resume is None else (resume, Tally()))
    except SnapshotRefused as problem:
        raise Problem(409, str(problem)) from None
