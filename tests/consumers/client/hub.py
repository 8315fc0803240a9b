"""A little hub for the client's tests: it answers page after page as it is told, also badly."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

TOKEN = "dancu_secret"


def item(number: int, **other: Any) -> dict[str, Any]:
    """Return an event of a feed."""
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "type": "DeathRegistered",
        "source": "/registers/civil-status/01",
        "subject": "001190111111",
        "time": "2025-08-04T00:00:00.000Z",
        "change": "CREATED",
        "factid": f"f{number}",
        "factversion": 1,
        "registeredat": "2025-08-06T02:30:00.000Z",
        "data": {"died_on": "2025-08-04"},
        "legalbasis": "statute: a law",
        "purpose": "tax-administration",
        "sequence": f"{number:020d}",
        "cursor": f"c{number}",
    } | other


@dataclass
class LittleHub:
    """A feed of so many events, and what goes wrong first."""

    events: int = 5
    #: What is answered before all is well: a status with headers, "close" (mid-response), "html", "drop".
    troubles: list[Any] = field(default_factory=list)
    #: Positions that are left out.
    missing: set[int] = field(default_factory=set)
    asked: list[dict[str, str]] = field(default_factory=list)
    url: str = ""

    def page(self, after: int, limit: int) -> list[dict[str, Any]]:
        """Return a page."""
        every = [n for n in range(after + 1, self.events + 1) if n not in self.missing]
        return [item(n) for n in every[:limit]]


@contextmanager
def a_little_hub(**settings: Any) -> Iterator[LittleHub]:
    """Run one."""
    hub = LittleHub(**settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = {name: found[0] for name, found in parse_qs(urlsplit(self.path).query).items()}
            hub.asked.append(query | {"token": self.headers.get("Authorization", "")})
            trouble = hub.troubles.pop(0) if hub.troubles else None
            if trouble is None:
                after = int(query.get("lastEventId", "c0").removeprefix("c"))
                body = gzip.compress(json.dumps(hub.page(after, int(query["limit"]))).encode())
                self._say(200, body, {"Content-Encoding": "gzip"})
            elif trouble == "drop":
                self.close_connection = True
            elif trouble == "close":
                self._say(200, b"[", {"Content-Length": "1000"})
                self.close_connection = True
            elif trouble == "html":
                self._say(200, b"<html>Sorry</html>", {})
            else:
                status, headers, content = trouble
                self._say(status, json.dumps(content).encode(), headers)

        def _say(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_port}/feeds/tax"
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
