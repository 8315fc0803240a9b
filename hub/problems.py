"""What an HTTP answer says when a request can't be taken: problem details (RFC 9457), in plain words."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

MEDIA_TYPE = "application/problem+json"
_TEXT = {"type": "string"}
#: The JSON Schema of every problem.
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {**dict.fromkeys(("type", "title", "detail"), _TEXT), "status": {"type": "integer"}},
}


def described(says: str) -> dict[str, Any]:
    """Return how an application's description (OpenAPI) tells of an answer that is a problem."""
    return {"description": says, "content": {MEDIA_TYPE: {"schema": dict(SCHEMA)}}}


class Problem(Exception):
    """A request that is answered with an error. `more` goes into the body beside title, status and detail."""

    def __init__(
        self, status: int, detail: str, headers: Mapping[str, str] | None = None, more: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers
        self.more = more or {}

    def response(self) -> Response:
        """Return it as it goes over the wire."""
        title = HTTPStatus(self.status).phrase
        body = {"type": "about:blank", "title": title, "status": self.status, "detail": self.detail, **self.more}
        return Response(orjson.dumps(body), self.status, self.headers, MEDIA_TYPE)


def try_again(detail: str, seconds: int = 1) -> Problem:
    """Return the problem of a request that may be sent again after so many seconds."""
    return Problem(503, f"{detail} Send the same again: what the hub knows already it takes once.", _after(seconds))


def _after(seconds: int) -> dict[str, str]:
    return {"Retry-After": str(seconds)}
