"""A part of a page that many look at: made once per language and kind of visitor, however many consoles are open."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from starlette.requests import Request
from starlette.responses import Response

from monitoring.console.languages import Lang
from monitoring.console.visitor import Visitor
from monitoring.fresh import Fresh


class _Made(NamedTuple):
    html: bytes
    etag: str


class SharedPart:
    """A part of a page without anything of one person in it: no form, no name of the visitor."""

    def __init__(self, make: Callable[[Visitor], str], seconds: float) -> None:
        """`make` returns the HTML for a visitor, of whom only the language and the role may be looked at."""
        self._make = make
        self._seconds = seconds
        self._parts: dict[tuple[Lang, str], Fresh[_Made]] = {}

    def html(self, visitor: Visitor) -> str:
        """Return it to be put into a page, where it stands before it is fetched for the first time."""
        return self._fresh(visitor)().html.decode()

    def answer(self, request: Request, visitor: Visitor) -> Response:
        """Return it as an answer; a browser that has it already is only told so."""
        return self._answer(request, self._fresh(visitor)())

    def at_hand(self, request: Request, visitor: Visitor) -> Response | None:
        """Return the same if it was made within the time, without making it."""
        made = self._fresh(visitor).at_hand()
        return None if made is None else self._answer(request, made)

    def _answer(self, request: Request, made: _Made) -> Response:
        headers = {"Cache-Control": "private, no-cache", "ETag": made.etag, "Vary": "Cookie, Authorization"}
        if request.headers.get("if-none-match") == made.etag:
            return Response(status_code=304, headers=headers)
        return Response(made.html, headers=headers, media_type="text/html; charset=utf-8")

    def _fresh(self, visitor: Visitor) -> Fresh[_Made]:
        key = visitor.lang, visitor.role  # both are of few values: this can't grow
        fresh = self._parts.get(key)
        if fresh is None:
            anybody = replace(visitor, name="", csrf="")
            fresh = self._parts.setdefault(key, Fresh(lambda: self._look(anybody), self._seconds))
        return fresh

    def _look(self, visitor: Visitor) -> _Made:
        html = self._make(visitor).encode()
        return _Made(html, f'"{hashlib.sha256(html).hexdigest()[:24]}"')
