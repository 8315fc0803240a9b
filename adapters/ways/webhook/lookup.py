"""Looks names up, each in a thread of its own: one that hangs holds up no other, and not the end of the process."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any

from aiohttp.abc import AbstractResolver, ResolveResult

_NUMERIC = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV


class Lookup(AbstractResolver):
    """The system's resolver. The pool of threads that aiohttp would use is small, and shared by all agencies."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the addresses of a name. Raises OSError."""
        loop = asyncio.get_running_loop()
        found: asyncio.Future[list[Any]] = loop.create_future()

        def settle(addresses: list[Any] | None, error: OSError | None) -> None:
            if found.done():  # nobody waits any more
                return
            if error is None:
                found.set_result(addresses or [])
            else:
                found.set_exception(error)

        def ask() -> None:
            answer: tuple[list[Any] | None, OSError | None]
            try:
                flags = socket.AI_ADDRCONFIG
                answer = (socket.getaddrinfo(host, port, family=family, type=socket.SOCK_STREAM, flags=flags), None)
            except OSError as error:
                answer = (None, error)
            except UnicodeError:
                answer = (None, socket.gaierror(socket.EAI_NONAME, "no name of a machine"))
            with suppress(RuntimeError):  # the loop has ended meanwhile
                loop.call_soon_threadsafe(settle, *answer)

        threading.Thread(target=ask, name="webhook-lookup", daemon=True).start()
        return [
            ResolveResult(hostname=host, host=where[0], port=where[1], family=kind, proto=protocol, flags=_NUMERIC)
            for kind, _, protocol, _, where in await found
        ]

    async def close(self) -> None:
        """Nothing is kept."""
