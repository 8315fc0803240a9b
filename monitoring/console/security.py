"""Guards everything below `/console`: what a browser may do with an answer, and from where a form may come."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from monitoring.console.places import PREFIX

#: Nothing from elsewhere, nothing inline, nobody around us.
_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
#: Bytes of a form.
_LONGEST: Final = 262_144
_FORM: Final = "application/x-www-form-urlencoded"
_SAFE: Final = frozenset({"GET", "HEAD"})


def secure(headers: MutableHeaders) -> None:
    """Put the headers on an answer. What says nothing else is not kept by anybody."""
    for name, value in HEADERS.items():
        headers[name] = value
    headers.setdefault("Cache-Control", "no-store")


class Door:
    """Stands before an application (ASGI); cares for what is below `/console` only."""

    def __init__(self, app: ASGIApp, on_change: Callable[[], None]) -> None:
        """`on_change` is called, in a thread, when something was done that may have changed what pages show."""
        self._app = app
        self._on_change = on_change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let in what may come in; put the headers on every answer."""
        if scope["type"] != "http" or not is_console(scope["path"]):
            await self._app(scope, receive, send)
            return

        is_safe = scope["method"] in _SAFE

        async def send_secured(message: Message) -> None:
            if message["type"] == "http.response.start":
                secure(MutableHeaders(scope=message))
                if not is_safe:
                    await asyncio.to_thread(self._on_change)
            await send(message)

        refused = None if is_safe else _refusal(Headers(scope=scope))
        if refused is None:
            await self._app(scope, receive, send_secured)
        else:
            status, text = refused
            await PlainTextResponse(f"{text}\n", status)(scope, receive, send_secured)


def is_console(path: str) -> bool:
    """Whether a path is one of the console's."""
    return path == PREFIX or path.startswith(PREFIX + "/")


def _refusal(headers: Headers) -> tuple[int, str] | None:
    """Say why what is sent is not looked at."""
    if not _same_site(headers):
        return 403, "Biểu mẫu đến từ trang khác. / The form comes from another site."
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdecimal()):
        return 411, "Content-Length?"
    if int(length) > _LONGEST:
        return 413, f"Biểu mẫu quá lớn. / At most {_LONGEST} bytes are taken."
    if int(length) and headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return 415, f"Content-Type: {_FORM}"
    return None


def _same_site(headers: Headers) -> bool:
    """Whether the request comes from our own page, or from no browser: then the form's token has to do.

    Browsers of today say `Sec-Fetch-Site`. `Origin` is `null` for our own forms, because we send no referrer.
    """
    if site := headers.get("sec-fetch-site"):
        return site == "same-origin"
    origins: Iterable[str] = headers.getlist("origin")
    return all(urlsplit(origin).netloc == headers.get("host") for origin in origins)
