"""One hub of its own for the tests of the skeleton, and strangers before its door."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from httpx2 import Response
from starlette.testclient import TestClient

from deploy.bootstrap import now_ms
from hub.access import OPERATOR, Holder, Tokens
from tests.monitoring.console.own_hub import OwnHub

HTML = {"Accept": "text/html"}
#: What browsers may do with our pages.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
FIELD = 'name="csrf" value="'


@dataclass(frozen=True, slots=True)
class Stranger:
    """A browser without a session."""

    client: TestClient

    def get(self, path: str, **headers: str) -> Response:
        """Ask for a page."""
        return self.client.get(path, headers={**HTML, **headers})

    def post(self, path: str, data: dict[str, Any], **headers: str) -> Response:
        """Send a form."""
        return self.client.post(path, data=data, headers={**HTML, **headers})

    def login(self, token: str, **more: str) -> Response:
        """Try a token."""
        return self.post("/console/login", {"token": token, "next": "/console"}, **more)

    def csrf(self) -> str:
        """Return what the forms of this session bring."""
        return self.get("/console").text.partition(FIELD)[2].partition('"')[0]


@contextmanager
def stranger(own: OwnHub, base: str = "http://127.0.0.1") -> Iterator[Stranger]:
    """Open a browser."""
    with TestClient(own.app, base_url=base, follow_redirects=False, raise_server_exceptions=False) as client:
        yield Stranger(client)


def token_of(own: OwnHub, role: str = "operator", name: str = "lan", kind: str = OPERATOR) -> str:
    """Return a new token."""
    return Tokens(own.scene.hub.deliveries_db).new(
        Holder(kind, name, role if kind == OPERATOR else None), "test", now_ms()
    )


def templates() -> list[Path]:
    """Return every template of the console."""
    import monitoring.console

    return sorted((Path(monitoring.console.__file__).parent / "templates").rglob("*.html"))
