"""A small hub of a test's own with its console, and browsers that are logged in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient

from deploy.bootstrap import now_ms
from deploy.viewpoint import viewpoint_of
from deploy.web.console import parts_of
from deploy.web.errors import answer_errors
from hub.access import OPERATOR, Holder, Tokens
from hub.audit import Entry, entries_of
from hub.database import reading
from monitoring.console import add_console
from monitoring.console.visitor import BySession
from tests.monitoring.scene import Scene, open_scene

_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Clock:
    """The console's clock: the real one, and what a test adds to it."""

    ahead: int = 0

    def __call__(self) -> int:
        """Return ms since 1970 UTC."""
        return now_ms() + self.ahead


@dataclass
class Browser:
    """Somebody who is logged in."""

    client: TestClient

    def get(self, path: str) -> Response:
        """Ask for a page."""
        return self.client.get(path, headers={"Accept": "text/html"})

    def post(self, path: str, data: Mapping[str, Any]) -> Response:
        """Send a form of one of our pages."""
        found = _CSRF.search(self.get("/console").text)
        csrf = found[1] if found else ""
        return self.client.post(path, data={"csrf": csrf, **data}, headers={"Accept": "text/html"})


@dataclass
class OwnHub:
    """The hub, its steps to be taken one by one, and its console."""

    scene: Scene
    app: FastAPI
    clock: Clock
    _stack: ExitStack = field(default_factory=ExitStack)

    def browser(self, name: str = "lan", role: str = "operator") -> Browser:
        """Log somebody in."""
        token = Tokens(self.scene.hub.deliveries_db).new(Holder(OPERATOR, name, role), "test", now_ms())
        client = self._stack.enter_context(TestClient(self.app, base_url="http://127.0.0.1", follow_redirects=False))
        assert client.post("/console/login", data={"token": token, "next": "/console"}).status_code == 303
        return Browser(client)

    def beside(self, browser: Browser) -> Browser:
        """Return the same browser, sent by a balancer to another process that serves the hub."""
        client = TestClient(
            console_of(self.scene, self.clock),
            base_url="http://127.0.0.1",
            follow_redirects=False,
            cookies=browser.client.cookies,
        )
        return Browser(self._stack.enter_context(client))

    def audit(self, action: str) -> list[Entry]:
        """Return what was recorded of a kind, the oldest first."""
        with reading(self.scene.hub.deliveries_db) as connection:
            return [one.entry for one in entries_of(connection) if one.entry.action == action]


@contextmanager
def open_own_hub(home: Path) -> Iterator[OwnHub]:
    """Open one that waits for nothing."""
    with open_scene(home) as scene, ExitStack() as stack:
        clock = Clock()
        yield OwnHub(scene, console_of(scene, clock), clock, stack)


def console_of(scene: Scene, clock: Clock) -> FastAPI:
    """Return an application with the console of a hub."""
    app = FastAPI()
    answer_errors(app)
    parts = parts_of(scene.hub, viewpoint_of(scene.hub))
    by_session = BySession(parts.sessions, clock)
    add_console(app, replace(parts, now=clock, identify=by_session, lately=by_session.lately))
    return app


def said(value: Any) -> set[str]:
    """Return every text that an event says, whatever it is nested in."""
    if isinstance(value, dict):
        return set().union(*map(said, value.values()))
    return {text for one in value for text in said(one)} if isinstance(value, list) else {str(value)}


def telling(event: Mapping[str, Any]) -> set[str]:
    """Return what of an event tells of its person: not what every event says, nor days, nor words of the schema."""
    data = {name: value for name, value in event.get("data", {}).items() if name not in ("agency", "purpose")}
    texts = said(data) | {event["subject"]}
    return {text for text in texts if len(text) > 4 and not re.fullmatch(r"[A-Z_0-9]+[A-Z]|\d{4}-\d\d-\d\d", text)}
