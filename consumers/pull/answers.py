"""Makes a page into an answer: JSON, an ETag over it, compressed for those who take that."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson
from starlette.requests import Request

#: What http-feeds.org and CloudEvents call a page.
BATCH: Final = "application/cloudevents-batch+json"
STREAM: Final = "text/event-stream"
#: Pages differ by these; they are personal data, so only the agency itself may keep them, and asks each time.
_COMMON = {"Vary": "Authorization, Accept, Accept-Encoding", "Cache-Control": "private, no-cache"}
#: Answers shorter than this are not compressed.
_SHORT = 1000
#: zlib's quickest: a page of 1,000 events becomes a tenth in some milliseconds.
_LEVEL = 1


class Wanted(NamedTuple):
    """How a client wants its page."""

    gzip: bool
    etags: str

    @classmethod
    def by(cls, request: Request) -> Wanted:
        """Read it from a request."""
        headers = request.headers
        return cls(_takes_gzip(headers.get("accept-encoding", "")), headers.get("if-none-match", ""))


class Answer(NamedTuple):
    """A page as it goes over the wire. Without a body the client has it already (304)."""

    body: bytes | None
    headers: dict[str, str]


def answer_of(items: Sequence[dict[str, Any]], wanted: Wanted) -> Answer:
    """Return the answer. It costs some milliseconds for a large page, so it runs in a thread."""
    body = orjson.dumps(items)
    etag = f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
    headers = {**_COMMON, "ETag": etag}
    if _names(wanted.etags, etag):
        return Answer(None, headers)
    headers["Content-Type"] = BATCH
    if wanted.gzip and len(body) >= _SHORT:
        body = zlib.compress(body, _LEVEL, 31)
        headers["Content-Encoding"] = "gzip"
    headers["Content-Length"] = str(len(body))
    return Answer(body, headers)


def wants_stream(request: Request) -> bool:
    """Say whether the client asks for server-sent events."""
    return STREAM in request.headers.get("accept", "")


def _names(etags: str, etag: str) -> bool:
    """Compare weakly, as RFC 9110 wants it for If-None-Match."""
    opaque = etag.removeprefix("W/")
    return any(one.strip().removeprefix("W/") in (opaque, "*") for one in etags.split(","))


def _takes_gzip(accepted: str) -> bool:
    for one in accepted.lower().split(","):
        coding, _, parameters = one.strip().partition(";")
        if coding.strip() in ("gzip", "*"):
            return parameters.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
