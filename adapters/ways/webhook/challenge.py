"""Asks an endpoint whether it wants the events at all, before the first one (CloudEvents, HTTP 1.1 Web Hooks 1.0.2)."""

from __future__ import annotations

import re
from typing import NamedTuple

import aiohttp

from adapters.ways.webhook.endpoint import Endpoint
from adapters.ways.webhook.excerpt import excerpt
from adapters.ways.webhook.line import NoAnswer, ask
from adapters.ways.webhook.verdict import Answer

_RATE = re.compile(r"[1-9][0-9]{0,8}\Z")


class Handshake(NamedTuple):
    """What an endpoint answered."""

    agreed: bool
    #: In plain words, when it did not agree.
    reason: str | None
    status: int | None = None
    #: What it said in `WebHook-Allowed-Origin`.
    allowed_origin: str | None = None
    #: Requests per minute that it allows; None: as many as we like.
    allowed_rate: int | None = None


async def verify_endpoint(session: aiohttp.ClientSession, endpoint: Endpoint) -> Handshake:
    """Ask the endpoint by OPTIONS. The header decides, and a status that refuses is no consent."""
    try:
        answer = await ask(session, endpoint, "OPTIONS", {}, None)
    except NoAnswer as problem:
        return Handshake(False, str(problem))
    return _understood(answer, endpoint.origin)


def _understood(answer: Answer, origin: str) -> Handshake:
    allowed = answer.headers.get("webhook-allowed-origin")
    rate = answer.headers.get("webhook-allowed-rate", "*").strip()
    found = Handshake(True, None, answer.status, allowed)
    if not 200 <= answer.status < 300:
        return found._replace(agreed=False, reason=f"answered OPTIONS with {answer.status}")
    if allowed is None:
        return found._replace(agreed=False, reason="answered OPTIONS without the header WebHook-Allowed-Origin")
    if allowed.strip().lower() not in ("*", origin.lower()):
        return found._replace(agreed=False, reason=f"allows another origin than {origin}: {_short(allowed)}")
    if rate == "*":
        return found
    if not _RATE.match(rate):
        return found._replace(agreed=False, reason=f"WebHook-Allowed-Rate is no whole number and no *: {_short(rate)}")
    return found._replace(allowed_rate=int(rate))


def _short(header: str) -> str:
    return excerpt(header.encode("utf-8", "replace"), (), 60)
