"""Logging in with an operator's token, and out."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import time
from typing import Annotated, Final

from fastapi import APIRouter, Depends
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from hub.access import OPERATOR
from hub.access.sessions import LONGEST
from monitoring.console.page import is_https, page
from monitoring.console.parts import Parts
from monitoring.console.places import LOGIN, PREFIX, local
from monitoring.console.refusals import Refused
from monitoring.console.throttle import Throttle
from monitoring.console.visitor import COOKIE, Visitor, may, posted, stranger

_LONGEST_TOKEN: Final = 200


def add_login(router: APIRouter, parts: Parts) -> None:
    """Add the routes."""
    throttle = Throttle(time.monotonic)

    @router.get("/login")
    def login(request: Request, next: str = PREFIX) -> Response:  # noqa: A002 - as it stands in the address
        if parts.identify(request) is not None:
            return RedirectResponse(local(next), 303)
        return page(request, stranger(request), "login.html", next=local(next), wrong=False)

    @router.post("/login")
    def enter(request: Request, form: Annotated[FormData, Depends(posted)]) -> Response:
        who = _address(request)
        if wait := throttle.wait(who):
            seconds = {"Retry-After": str(wait)}
            raise Refused(429, f"Hãy thử lại sau {wait} giây.", f"Try again in {wait} seconds.", seconds)
        text, now = str(form.get("token", "")).strip()[:_LONGEST_TOKEN], parts.now()
        token = parts.tokens.token_of(text, now)
        goal = local(str(form.get("next", PREFIX)))
        if token is None or token.holder.kind != OPERATOR:
            throttle.failed(who)
            return page(request, stranger(request), "login.html", status_code=401, next=goal, wrong=True)
        if before := request.cookies.get(COOKIE):
            parts.sessions.close(before, now)
        response = RedirectResponse(goal, 303)
        cookie = parts.sessions.open(token.holder, token.id, now)
        _set_cookie(request, response, cookie, LONGEST // 1000)
        return response

    @router.post("/logout")
    def leave(request: Request, _: Annotated[Visitor, Depends(may(parts, "look"))]) -> Response:
        parts.sessions.close(request.cookies.get(COOKIE, ""), parts.now())
        response = RedirectResponse(LOGIN, 303)
        _set_cookie(request, response, "", 0)
        return response


def _set_cookie(request: Request, response: Response, text: str, seconds: int) -> None:
    secure = is_https(request)
    response.set_cookie(COOKIE, text, seconds, path=PREFIX, secure=secure, httponly=True, samesite="strict")


def _address(request: Request) -> str:
    """Return who tries: as the proxy says it that stands before us, if one does.

    Somebody may send a false one, and try on: tokens are too long to be guessed. What matters is that one who fails
    keeps nobody else out.
    """
    told = request.headers.get("x-forwarded-for", "").rpartition(",")[2].strip()[:64]
    return told or (request.client.host if request.client else "")
