"""An agency's endpoint that takes everything, as quick as Python can: a process of its own, so that it is not measured.

`python -m tests.benchmarks.endpoint` prints its port and runs until its standard input ends.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_END = b"\r\n\r\n"
_LENGTH = b"content-length: "
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"
_CONSENT = b"HTTP/1.1 200 OK\r\nWebHook-Allowed-Origin: *\r\nContent-Length: 0\r\n\r\n"


class Endpoint(asyncio.Protocol):
    """Answers requests whose headers are written as aiohttp's client writes them."""

    def __init__(self) -> None:
        self._seen = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep whom to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that is whole."""
        self._seen += data
        while (end := self._seen.find(_END)) >= 0:
            head = self._seen[:end].lower()
            start = head.find(_LENGTH)
            length = int(head[start + len(_LENGTH) :].split(b"\r\n", 1)[0]) if start >= 0 else 0
            if len(self._seen) < end + len(_END) + length:
                return
            self._transport.write(_CONSENT if head.startswith(b"options") else _TAKEN)
            self._seen = self._seen[end + len(_END) + length :]


@contextmanager
def endpoint() -> Iterator[str]:
    """Run it beside this process; yield its URL."""
    command = [sys.executable, "-m", __name__]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}/events"
        process.stdin.close()


async def _serve() -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Endpoint, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(_serve())
