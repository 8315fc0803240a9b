"""Serves the counter's page on this machine only: a few routes, no cookies, nothing from or to elsewhere."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

import orjson

_PAGE = files("adapters.card_reader.producer.counter") / "page"
_FILES: Mapping[str, tuple[str, str]] = {
    "/": ("counter.html", "text/html; charset=utf-8"),
    "/counter.js": ("counter.js", "text/javascript; charset=utf-8"),
    "/counter.css": ("counter.css", "text/css; charset=utf-8"),
}
#: Nothing but our own files, no frames, no forms, no inline script or style.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS: Mapping[str, str] = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
    "cache-control": "no-store",
}
#: Bytes of the longest request, requests at once, and seconds that a look waits for a change at most.
_LONGEST, _AT_ONCE, _WAIT = 16_384, 32, 20.0


#: Returns the text for a header Accept, and its content type.
Metrics = Callable[[str], tuple[bytes, str]]


class Behind(Protocol):
    """What the page asks and tells."""

    def look(self, after: int, seconds: float) -> dict[str, Any]:
        """Return what is to be shown, when it is not that of version `after`, or after so many seconds."""

    def told(self, what: str, content: Mapping[str, Any]) -> dict[str, Any] | None:
        """Do what the operator asked for and return what to say about it; None: nobody knows what that is."""


@contextmanager
def serving_page(behind: Behind, port: int, metrics: Metrics | None = None) -> Iterator[str]:
    """Serve the page on 127.0.0.1 while the block runs, and yield its URL. Port 0: any free one. Raises OSError.

    `metrics`: what /metrics answers to a program on the same machine.
    """
    try:
        server = _Server(port, behind, metrics)
    except OSError as error:
        raise OSError(error.errno, f"can't listen: {error.strerror}", f"127.0.0.1:{port}") from error
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="page", daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, behind: Behind, metrics: Metrics | None) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.behind, self.metrics = behind, metrics
        self.free = threading.BoundedSemaphore(_AT_ONCE)
        self.hosts = {f"{host}:{self.server_port}" for host in ("127.0.0.1", "localhost")}

    def process_request(self, request: Any, client_address: Any) -> None:
        """Answer in a thread, of which there are only so many."""
        if not self.free.acquire(timeout=1):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the place back at the end."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever has gone does not hear it, and a trace may hold what was typed."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "dancu-edge", ""
    timeout = 30
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        """Answer with a file of the page, or with what is to be shown."""
        url = urlsplit(self.path)
        if not self._is_ours():
            self._say(HTTPStatus.FORBIDDEN, b"", "text/plain")
        elif url.path == "/state":
            after = parse_qs(url.query).get("after", ["-1"])[0]
            number = int(after) if after.isdecimal() and len(after) < 18 else -1
            self._say_json(self.server.behind.look(number, _WAIT))
        elif url.path == "/metrics" and self.server.metrics is not None:
            self._say(HTTPStatus.OK, *self.server.metrics(self.headers.get("accept", "")))
        elif found := _FILES.get(url.path):
            name, kind = found
            self._say(HTTPStatus.OK, (_PAGE / name).read_bytes(), kind)
        else:
            self._say(HTTPStatus.NOT_FOUND, b"", "text/plain")

    def do_POST(self) -> None:
        """Do what the operator asked for."""
        if not self._is_ours() or self.headers.get("content-type") != "application/json":
            self.close_connection = True
            self._say(HTTPStatus.FORBIDDEN, b"", "text/plain")
            return
        content = self._content()
        said = self.server.behind.told(self.path[1:], content) if content is not None else None
        if said is None:
            self.close_connection = True
            self._say(HTTPStatus.BAD_REQUEST, b"", "text/plain")
        else:
            self._say_json(said)

    def _is_ours(self) -> bool:
        """Whether our own page asks: no other site in the same browser, and none whose name was turned to us."""
        origin = self.headers.get("origin")
        ours = origin is None or origin in {f"http://{host}" for host in self.server.hosts}
        return ours and self.headers.get("host") in self.server.hosts

    def _content(self) -> Mapping[str, Any] | None:
        length = self.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _LONGEST:
            return None
        with suppress(orjson.JSONDecodeError):
            content = orjson.loads(self.rfile.read(int(length)))
            return content if isinstance(content, dict) else None
        return None

    def _say_json(self, content: Mapping[str, Any]) -> None:
        self._say(HTTPStatus.OK, orjson.dumps(content), "application/json")

    def _say(self, status: HTTPStatus, content: bytes, kind: str) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, "content-type": kind, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        """Log no request."""

    def setup(self) -> None:
        """Answers are small and must come at once."""
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
