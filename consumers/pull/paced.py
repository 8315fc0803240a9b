"""Answers that go out piece by piece, as fast as the reader takes them: a slow one costs a piece of memory, no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

_T = TypeVar("_T")
#: Bytes that are handed to the connection at once.
PIECE: Final = 64 * 1024


class Left(Exception):
    """The client has gone; nobody wants the answer."""


async def while_there(receive: Receive, work: Coroutine[Any, Any, _T]) -> _T:
    """Do work for as long as the client of a request is there. Raises `Left` when it goes first."""
    working, leaving = asyncio.create_task(work), asyncio.create_task(_left(receive))
    try:
        await asyncio.wait((working, leaving), return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise Left
    finally:
        for task in (working, leaving):
            task.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await task


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def pieces(body: bytes) -> AsyncIterator[bytes]:
    """Cut a body into pieces."""
    for start in range(0, len(body), PIECE):
        yield body[start : start + PIECE]


class Paced(StreamingResponse):
    """Sends pieces as long as the reader takes one within `patience` seconds; then calls `after`, however it ended."""

    def __init__(
        self,
        content: AsyncIterator[bytes],
        headers: Mapping[str, str],
        patience: float,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(content, headers=headers)
        self._content = content
        self._patience = patience
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        """Send. A reader that left or takes nothing is let go."""
        with suppress(Left, TimeoutError):
            try:
                await while_there(receive, self._send(send))
            finally:
                self._after()

    async def _send(self, send: Send) -> None:
        await self._hand(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        async for piece in self._content:
            await self._hand(send, {"type": "http.response.body", "body": piece, "more_body": True})
        await self._hand(send, {"type": "http.response.body", "body": b"", "more_body": False})

    async def _hand(self, send: Send, message: Message) -> None:
        async with asyncio.timeout(self._patience):
            await send(message)
