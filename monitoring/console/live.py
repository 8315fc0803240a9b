"""Parts that open pages fetch by a timer: when nothing has to be looked up for one, no thread is troubled either."""

# No `from __future__ import annotations`: FastAPI reads the annotations.

from collections.abc import Awaitable, Callable
from typing import Protocol

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from monitoring.console.parts import Parts
from monitoring.console.visitor import Visitor, known_visitor, may


class LivePart(Protocol):
    """What is fetched. It is the same for all of one language and role, and nothing secret stands in it."""

    def answer(self, request: Request, visitor: Visitor, /) -> Response:
        """Return it. Called in a thread."""

    def at_hand(self, request: Request, visitor: Visitor, /) -> Response | None:
        """Return it without a look at any store, or None. Called on the loop."""


def live(parts: Parts, part: LivePart) -> Callable[[Request], Awaitable[Response]]:
    """Return the route's function. It lets in who may look."""
    look = may(parts, "look")

    def answer(request: Request) -> Response:
        return part.answer(request, look(request, FormData()))

    async def answer_soon(request: Request) -> Response:
        visitor = known_visitor(parts, request)
        if visitor is not None and visitor.may("look"):
            at_hand = part.at_hand(request, visitor)
            if at_hand is not None:
                return at_hand
        return await run_in_threadpool(answer, request)

    return answer_soon
