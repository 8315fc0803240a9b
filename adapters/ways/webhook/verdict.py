"""What an answer means for the events that were posted. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NamedTuple

import orjson

from adapters.ways.webhook.excerpt import excerpt
from hub.destination import Event

#: The event itself is refused. Every other status that is no success says something of the endpoint.
_ABOUT_THE_EVENT = frozenset({400, 409, 413, 415, 422})
#: The endpoint asks to be left alone for a while: the rest of the batch is not even tried.
_NOT_NOW = frozenset({429, 503})
#: Seconds: what Retry-After may ask for.
SHORTEST, LONGEST = 1.0, 3600.0
#: Characters of an answer in the reason of an outage.
_BRIEF = 200


class Answer(NamedTuple):
    """What came back, as far as it is looked at."""

    status: int
    #: Names in small letters.
    headers: Mapping[str, str]
    #: The first few KiB.
    body: bytes


class Taken(NamedTuple):
    """The events are with the agency."""


class Refused(NamedTuple):
    """The events are to blame, or one of them."""

    error_class: str
    message: str


class Away(NamedTuple):
    """The endpoint can't take anything now."""

    reason: str
    retry_after: float | None = None
    #: It asks to be left alone.
    not_now: bool = False


class Over(NamedTuple):
    """The agency wants no more events."""

    reason: str


Verdict = Taken | Refused | Away | Over


def judge(answer: Answer, events: Sequence[Event], now: float, *, acknowledged: bool) -> Verdict:
    """Say what an answer means; `now` is in seconds since 1970, `acknowledged`: the body must say ACK (SPDCI)."""
    status = answer.status
    if 200 <= status < 300:
        if _is_page(answer.body):
            return Away(f"answered {status} with a web page instead of an acknowledgement")
        return _acknowledgement(answer, events) if acknowledged else Taken()
    if status == HTTPStatus.GONE:
        return Over("answered 410: it wants no more events")
    if status in _ABOUT_THE_EVENT:
        return Refused(f"http_{status}", excerpt(answer.body, events) or f"answered {status} and says nothing more")
    if 300 <= status < 400:
        return Away(f"answered {status}: it has moved. Redirects are not followed; put the new URL into the agreement")
    said = excerpt(answer.body, events, _BRIEF)
    reason = f"answered {status}" + (f": {said}" if said else "")
    return Away(reason, retry_after(answer.headers.get("retry-after"), now), status in _NOT_NOW)


def retry_after(text: str | None, now: float) -> float | None:
    """Return the seconds that a Retry-After asks for, 1 s to 1 h; None when it says nothing that can be understood."""
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return min(LONGEST, max(SHORTEST, float(text) if len(text) <= 10 else LONGEST))
    try:
        at = parsedate_to_datetime(text)
        seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None
    return min(LONGEST, max(SHORTEST, seconds))


def _is_page(body: bytes) -> bool:
    """A proxy's error page, or a login: whatever its status, the agency's program has not spoken."""
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype html", b"<html"))


def _acknowledgement(answer: Answer, events: Sequence[Event]) -> Verdict:
    """Understand the reply to an SPDCI message: message{ack_status: ACK, NACK or ERR}."""
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        content = None
    reply = content.get("message", content) if isinstance(content, dict) else {}
    status = reply.get("ack_status") if isinstance(reply, dict) else None
    if status == "ACK":
        return Taken()
    said = excerpt(answer.body, events)
    if status == "NACK":
        return Refused("spdci_nack", said)
    if status == "ERR":
        return Away(f"answered {answer.status} with ack_status ERR: {said[:_BRIEF]}")
    return Away(f"answered {answer.status} without an ack_status of SPDCI (ACK, NACK or ERR)")
