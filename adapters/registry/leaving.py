"""The end of a server on asyncio: nobody is left half let in."""

from __future__ import annotations

import asyncio
from typing import Final

#: Turns of the loop in which a connection that was accepted gets its transport and its protocol.
_TURNS: Final = 3


async def let_nobody_in(server: asyncio.Server) -> None:
    """Accept no further connection, and let those be made that were accepted already. The caller closes it then.

    Closed in between, CPython 3.11 leaves a connection half made and open: `Server._attach` fails on it.
    """
    loop = asyncio.get_running_loop()
    for sock in server.sockets:
        loop.remove_reader(sock)
    for _ in range(_TURNS):
        await asyncio.sleep(0)
