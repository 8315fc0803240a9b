"""Reads what a client sends, for every part that takes something over HTTP: only so much, and only for so long."""

from __future__ import annotations

import asyncio
from typing import Final

from starlette.requests import ClientDisconnect, Request

from hub.problems import Problem

#: Seconds that a body may take to come.
_PATIENCE: Final = 30.0


async def body_of(request: Request, largest: int) -> bytes:
    """Read the body, at most `largest` bytes. Raises `Problem` for a longer, a slow or a broken one."""
    too_large = Problem(413, f"At most {largest} bytes are taken at once. Nothing was taken; send fewer events.")
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > largest:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(_PATIENCE):
            async for piece in request.stream():
                body += piece
                if len(body) > largest:
                    raise too_large
    except TimeoutError:
        raise Problem(408, f"The body did not come within {_PATIENCE:g} seconds. Nothing was taken.") from None
    except ClientDisconnect:
        raise Problem(400, "The body ended too early. Nothing was taken.") from None
    return bytes(body)
