"""Who looks at a page, and what that role may do."""

# No `from __future__ import annotations`: FastAPI reads the annotations, and some name what is made here.

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Annotated, Final, Protocol

from fastapi import Depends
from starlette.datastructures import FormData
from starlette.requests import HTTPConnection, Request

from hub.access import OPERATOR, Holder
from hub.access.sessions import Session, Sessions
from hub.problems import Problem
from monitoring.console.languages import VI, Lang, known
from monitoring.console.parts import Parts
from monitoring.console.refusals import Refused

COOKIE: Final = "dancu_session"
LANGUAGE: Final = "dancu_lang"
THEME: Final = "dancu_theme"
THEMES: Final = ("auto", "light", "dark")
#: What each role may do.
MAY: Final = {
    "look": frozenset({"viewer", "operator", "approver", "auditor"}),
    "act": frozenset({"operator", "approver"}),
    "approve": frozenset({"approver"}),
    "reveal": frozenset({"operator", "approver", "auditor"}),
    "audit": frozenset({"auditor"}),
}
_SAFE: Final = frozenset({"GET", "HEAD"})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at a page, and how. Without a role: somebody who has not logged in."""

    name: str
    role: str
    lang: Lang = VI
    #: What the forms bring; empty for a program with its bearer token, which no other site can make act.
    csrf: str = ""
    theme: str = "auto"

    def may(self, what: str) -> bool:
        """Whether the role may `look`, `act`, `approve`, `reveal` or `audit`."""
        return self.role in MAY[what]


class Identify(Protocol):
    """Says whose browser asks. It is called in a thread, and may look things up.

    Sessions that were opened with an operator's token are `BySession`. OpenID Connect fits here in two ways. Our own
    login: `/console/login` sends the browser to the issuer (authorization code with PKCE), and the page to which it
    comes back checks the ID token's signature, issuer, audience, nonce and end, takes the role from a claim with the
    groups, and opens a session without a token (`hub.access.sessions.Sessions.open(holder, None, now)`): everything
    behind it stays as it is. Or a proxy that logs people in: return a `Session` for the name and the groups in its
    headers; take them only when the request comes from the proxy's own address, let the proxy drop what clients send
    under those names, and derive `csrf` from a secret and the name.
    """

    def __call__(self, request: HTTPConnection, /) -> Session | None:
        """Return the session, or None for somebody who has to log in."""


class BySession:
    """Knows a browser by its session cookie."""

    def __init__(self, sessions: Sessions, now: Callable[[], int]) -> None:
        """`now` returns ms since 1970 UTC."""
        self._sessions = sessions
        self._now = now

    def __call__(self, request: HTTPConnection, /) -> Session | None:
        """Return the session of the cookie while it holds. What htmx fetches by a timer keeps no session alive."""
        text = request.cookies.get(COOKIE, "")
        return self._sessions.of(text, self._now(), used="hx-request" not in request.headers) if text else None

    def lately(self, request: HTTPConnection, /) -> Session | None:
        """Return the session if it was looked up some seconds ago, without looking it up."""
        text = request.cookies.get(COOKIE, "")
        return self._sessions.lately(text, self._now()) if text else None


def stranger(request: HTTPConnection) -> Visitor:
    """Return somebody who has not logged in, in the language and the colours that the browser remembers."""
    lang = known(request.query_params.get("lang")) or known(request.cookies.get(LANGUAGE)) or VI
    theme = request.cookies.get(THEME, "")
    return Visitor("", "", lang, "", theme if theme in THEMES else "auto")


async def posted(request: Request) -> FormData:
    """Return what a form brings; nothing for GET. Names that stand there twice: `getlist`."""
    return FormData() if request.method in _SAFE else await request.form()


def may(parts: Parts, what: str) -> Callable[..., Visitor]:
    """Return the dependency that says who asks, and keeps out who may not `what`, or was sent by another site."""

    def visitor_of(request: Request, form: Annotated[FormData, Depends(posted)]) -> Visitor:
        request.state.visitor = visitor = _visitor(parts, request)  # for the page of an error, if there is one
        if not visitor.may(what):
            raise Refused(
                403,
                f"Vai trò “{visitor.role}” không được làm việc này; cần: {', '.join(sorted(MAY[what]))}.",
                f"The role “{visitor.role}” may not do this; it takes {' or '.join(sorted(MAY[what]))}.",
            )
        if request.method not in _SAFE and visitor.csrf:
            brought = form.get("csrf", "")
            if not isinstance(brought, str) or not hmac.compare_digest(brought.encode(), visitor.csrf.encode()):
                raise Refused(
                    403,
                    "Biểu mẫu này không thuộc phiên làm việc hiện tại. Hãy tải lại trang rồi gửi lại.",
                    "This form is not of the present session. Load the page again, then send it once more.",
                )
        return visitor

    return visitor_of


def known_visitor(parts: Parts, request: Request) -> Visitor | None:
    """Return who asks, if that needs no look at the database: for parts of pages that hold nothing secret."""
    session = None if "authorization" in request.headers else parts.lately(request)
    return None if session is None else _as(stranger(request), session.holder, session.csrf)


def _visitor(parts: Parts, request: Request) -> Visitor:
    seen = stranger(request)
    if "authorization" in request.headers:
        holder = parts.authenticate(request)
        if holder.kind != OPERATOR:
            raise Problem(403, "This is for operators; an agency's token opens its own feed only.")
        return _as(seen, holder, "")
    session = parts.identify(request)
    if session is None:
        raise Problem(401, "Log in first.", {"WWW-Authenticate": 'Bearer realm="dancu"'})
    return _as(seen, session.holder, session.csrf)


def _as(seen: Visitor, holder: Holder, csrf: str) -> Visitor:
    return replace(seen, name=holder.name, role=holder.role or "", csrf=csrf)
