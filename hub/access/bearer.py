"""Who asks over HTTP: the seam, and bearer tokens behind it. Needs the extra `web`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

from starlette.requests import HTTPConnection

from hub.access.digest import digest_of
from hub.access.tokens import Holder, Tokens
from hub.problems import Problem

#: Seconds that a token counts as good without another look: so long it may open something after it was revoked.
FRESH: Final = 3.0
#: Good tokens that are kept in mind at once.
_MOST: Final = 10_000


class Authenticate(Protocol):
    """Says whose request it is. It is called in a thread, and may look things up.

    Bearer tokens of the hub's own are `ByToken`. Two others fit here. OAuth2 client credentials: check the signature,
    issuer, audience and end of the JWT in `Authorization`, and take the agency from its client id. mTLS: a proxy ends
    TLS and passes the client's certificate in `Client-Cert` (RFC 9440); take that header only when the request comes
    from the proxy's own address, and let the proxy drop what clients send under that name.
    """

    def __call__(self, request: HTTPConnection, /) -> Holder:
        """Return who asks. Raises `Problem` 401 with a challenge when that can't be told."""


class ByToken:
    """Knows who asks by the bearer token of the request.

    A good token is looked up once in `fresh` seconds, so that a page of events costs no question to the database. Only
    its hash is kept. A bad one is looked up each time: it may be good a moment later.
    """

    def __init__(
        self,
        tokens: Tokens,
        now: Callable[[], int],
        fresh: float = FRESH,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`now` is the time in milliseconds since 1970 UTC; `steady` gives seconds that never go back."""
        self._tokens = tokens
        self._now = now
        self._fresh = fresh
        self._steady = steady
        self._known: dict[str, tuple[Holder, float]] = {}
        self._lock = threading.Lock()

    def __call__(self, request: HTTPConnection, /) -> Holder:
        """Return whose token the request brings. Raises `Problem` 401."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not text.strip():
            raise Problem(401, "Send the header Authorization: Bearer TOKEN.", _challenge())
        holder = self._holder(text.strip())
        if holder is None:
            raise Problem(401, "The token is not known, has ended or was revoked.", _challenge("invalid_token"))
        return holder

    def _holder(self, text: str) -> Holder | None:
        digest = digest_of(text)
        with self._lock:
            known = self._known.get(digest)
        if known is not None and self._steady() < known[1]:
            return known[0]
        until = self._steady() + self._fresh
        holder = self._tokens.holder_of(text, self._now())
        with self._lock:
            if holder is None:
                self._known.pop(digest, None)
            else:
                if len(self._known) >= _MOST:
                    self._known.clear()
                self._known[digest] = (holder, until)
        return holder


def _challenge(error: str | None = None) -> dict[str, str]:
    return {"WWW-Authenticate": 'Bearer realm="dancu"' + (f', error="{error}"' if error else "")}
