"""Answers /healthz, /readyz and /metrics over HTTP, with nothing but the standard library."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import orjson

from deploy.health.collected import Health
from deploy.settings import BadSetting

if TYPE_CHECKING:
    from monitoring.exposition import Exposition

#: Questions answered at once, and seconds that a questioner may take.
_AT_ONCE = 32
_PATIENCE = 5.0


def read_address(text: str) -> tuple[str, int]:
    """Read `host:port`, such as `127.0.0.1:8081` or `[::1]:8081`. Raises `BadSetting`."""
    host, colon, port = text.strip().rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise BadSetting(f"{text}: is no address for health. Write HOST:PORT, such as 127.0.0.1:8081")
    return host, int(port)


@contextmanager
def serve_health(
    health: Health, address: str | None, metrics: Exposition | None = None
) -> Iterator[tuple[str, int] | None]:
    """Watch and answer while the block runs; give the address that is listened at (port 0: any free one).

    Without an address nothing is served, without metrics no /metrics. Raises `BadSetting` for an address that is none,
    OSError where it can't listen.
    """
    if address is None:
        yield None
        return
    host, port = read_address(address)
    try:
        server = _Server(health, metrics, host, port)
    except OSError as error:
        raise OSError(error.errno, f"can't listen for health questions: {error.strerror}", address) from error
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="health", daemon=True)
    with server, health.watching():
        thread.start()
        try:
            yield server.server_address[0], server.server_address[1]  # type: ignore[misc]
        finally:
            server.shutdown()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, health: Health, metrics: Exposition | None, host: str, port: int) -> None:
        self.health = health
        self.metrics = metrics
        self._places = threading.BoundedSemaphore(_AT_ONCE)
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Bind without looking up our own name, which may take long where DNS is away."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread; whoever comes when all are busy is turned away."""
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of questioners that leave early."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _PATIENCE
    server_version = "dancu"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer /healthz, /readyz and /metrics."""
        path, metrics = self.path.partition("?")[0], self.server.metrics
        if path == "/healthz":
            fine, answer = self.server.health.live()
        elif path == "/readyz":
            fine, answer = self.server.health.ready()
        elif path == "/metrics" and metrics is not None:
            self._send(200, *metrics(self.headers.get("accept", "")))
            return
        else:
            self._send_json(404, {"status": "unknown", "what": "ask /healthz, /readyz or /metrics"})
            return
        self._send_json(200 if fine else 503, answer)

    do_HEAD = do_GET  # noqa: N815 - as http.server names it

    def _send_json(self, status: int, content: dict[str, Any]) -> None:
        self._send(status, orjson.dumps(content), "application/json")

    def _send(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server names it
        """Log nothing: questions come every few seconds."""
