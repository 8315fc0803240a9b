"""An agency's endpoint: a real HTTP server in a thread of its own, that answers as a test wants it to."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from aiohttp import web

from adapters.registry.leaving import let_nobody_in

_T = TypeVar("_T")
#: Talks to one connection: reads what it likes, writes what it likes.
Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
#: So often in a row nothing more must be there at the end of a server.
_STILL = 3


class Request(NamedTuple):
    """What the endpoint was sent."""

    method: str
    #: Names in small letters.
    headers: Mapping[str, str]
    body: bytes
    #: The port that it came from: the same for all requests of one connection.
    port: int


class Reply(NamedTuple):
    """What the endpoint answers."""

    status: int = 204
    body: bytes = b""
    headers: Mapping[str, str] = {}
    #: Sent in pieces, without saying how long it is.
    chunked: bool = False


ALLOWED = Reply(200, headers={"WebHook-Allowed-Origin": "*", "Allow": "POST"})
Answer = Callable[[Request], Reply]


def well(_request: Request) -> Reply:
    """Everything is fine."""
    return Reply()


@dataclass
class Receiver:
    """A running endpoint."""

    url: str = ""
    answer: Answer = well
    consent: Answer = field(default=lambda _request: ALLOWED)
    requests: list[Request] = field(default_factory=list)
    #: Held requests are not answered until it is set.
    go_on: asyncio.Event | None = None
    #: How many were in work at once, at most.
    most_at_once: int = 0
    _now: int = 0

    @property
    def posts(self) -> list[Request]:
        """The deliveries."""
        return [request for request in self.requests if request.method == "POST"]

    @property
    def ids(self) -> list[str]:
        """The ids of the deliveries, in the order in which they came."""
        return [request.headers["webhook-id"] for request in self.posts]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): text for name, text in request.headers.items()}
        port = request.transport.get_extra_info("peername")[1] if request.transport else 0
        seen = Request(request.method, headers, await request.read(), port)
        self.requests.append(seen)
        self._now += 1
        self.most_at_once = max(self.most_at_once, self._now)
        await asyncio.sleep(0.002)  # so that requests at once are seen at once
        self._now -= 1
        reply = self.consent(seen) if seen.method == "OPTIONS" else self.answer(seen)
        response = web.Response(status=reply.status, body=reply.body, headers=reply.headers)
        if reply.chunked:
            response.enable_chunked_encoding()
        return response


@contextmanager
def receiver(answer: Answer = well, certificate: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run an endpoint on a free port of this machine."""
    endpoint = Receiver(answer=answer)

    async def start() -> Callable[[], Coroutine[Any, Any, None]]:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_route("*", "/{path:.*}", endpoint.handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate)
        await site.start()
        port = runner.addresses[0][1]
        endpoint.url = f"{'https' if certificate else 'http'}://127.0.0.1:{port}/events"
        server = site._server  # aiohttp gives no other hand on it
        assert isinstance(server, asyncio.Server)

        async def end() -> None:
            await let_nobody_in(server)
            await runner.cleanup()

        return end

    with _in_a_thread() as run:
        end = run(start())
        try:
            yield endpoint
        finally:
            run(end())


@contextmanager
def talking(talk: Talk, certificate: ssl.SSLContext | None = None) -> Iterator[str]:
    """Run a server that knows no HTTP but what `talk` writes; yield its URL."""

    async def start() -> asyncio.Server:
        return await asyncio.start_server(talk_and_leave, "127.0.0.1", 0, ssl=certificate)

    async def talk_and_leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await talk(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the other side has left, or the test is over
        finally:
            writer.transport.abort()

    async def end(server: asyncio.Server) -> None:
        await let_nobody_in(server)
        server.close()

    with _in_a_thread() as run:
        server = run(start())
        port = server.sockets[0].getsockname()[1]
        try:
            yield f"{'https' if certificate else 'http'}://127.0.0.1:{port}/events"
        finally:
            run(end(server))


async def request_of(reader: asyncio.StreamReader) -> bytes:
    """Read one request whole; return its first line."""
    head = await reader.readuntil(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
    await reader.readexactly(length)
    return lines[0]


@contextmanager
def _in_a_thread() -> Iterator[Callable[[Coroutine[Any, Any, _T]], _T]]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def run(work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, loop).result(30)

    async def end_all() -> None:
        still = 0
        while still < _STILL:  # who has just been let in gets a task and a transport only some turns later
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            known = list(loop._transports.values())  # type: ignore[attr-defined]  # asyncio lists them nowhere else
            transports = [transport for transport in known if not transport.is_closing()]
            for task in others:
                task.cancel()
            for transport in transports:
                transport.abort()
            await asyncio.gather(*others, return_exceptions=True)
            await asyncio.sleep(0.001)
            still = 0 if others or transports else still + 1

    try:
        yield run
    finally:
        asyncio.run_coroutine_threadsafe(end_all(), loop).result(30)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(30)
        loop.close()
