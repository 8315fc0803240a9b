"""A server that ends leaves no connection half made, whenever somebody came."""

from __future__ import annotations

import asyncio
import socket

import pytest

from adapters.registry.leaving import let_nobody_in


async def _ended(turns: int) -> tuple[int, bytes]:
    """End a server so many turns of its loop after somebody connected; return how many it met and what they read."""
    met = 0

    async def meet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal met
        met += 1
        writer.close()

    server = await asyncio.start_server(meet, "127.0.0.1", 0)
    with socket.create_connection(server.sockets[0].getsockname()[:2], timeout=10) as late:
        for _ in range(turns):
            await asyncio.sleep(0)
        await let_nobody_in(server)
        server.close()
        await asyncio.sleep(0.05)
        return met, await asyncio.to_thread(_read, late)


def _read(line: socket.socket) -> bytes:
    try:
        return line.recv(1)
    except ConnectionResetError:
        return b""  # it was never let in


@pytest.mark.parametrize("turns", range(6))
def test_who_was_let_in_is_met_and_nobody_is_left_on_the_line(turns: int) -> None:
    met, read = asyncio.run(_ended(turns))
    assert read == b"", "the line is closed"
    assert met == (turns > 1), "two turns after it came it is let in"
