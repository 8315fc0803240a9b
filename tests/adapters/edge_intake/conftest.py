"""A hub with its web application, asked in the same process as any client asks it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pytest
from httpx2 import Client

from adapters.registry.serving import served
from deploy.bootstrap import Hub, now_ms, open_hub
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.edge.codes import Grant, new_code
from tests.adapters.edge_intake.device import Device

PURPOSES = ("health-check-in", "proof-of-life")


class Reply(NamedTuple):
    """What the hub answered."""

    status: int
    json: Any
    kind: str


@dataclass(frozen=True, slots=True)
class Site:
    """A hub and a way to ask it."""

    hub: Hub
    client: Client

    def post(self, path: str, body: Any) -> Reply:
        """Send a body: bytes as they are, all else as JSON."""
        content = body if isinstance(body, bytes) else orjson.dumps(body)
        answer = self.client.post(path, content=content, headers={"content-type": "application/json"})
        return Reply(answer.status_code, answer.json(), answer.headers["content-type"])

    def code(self, site: str = "hospital-7") -> str:
        """Make a code."""
        grant = Grant(site, "01", PURPOSES)
        return new_code(self.hub.deliveries_db, grant, ("an", "a test"), now_ms(), 3_600_000)

    def device(self, site: str = "hospital-7") -> Device:
        """Admit a device."""
        made = Device()
        reply = self.post("/edge/enrol", {"code": self.code(site), "public_key": made.jwk, "name": "counter"})
        assert reply.status == 201, reply
        made.told = reply.json
        return made

    def take(self, device: Device, *events: str) -> list[dict[str, Any]]:
        """Let a device hand in events, which must be answered."""
        reply = self.post("/edge/events", device.request(*events))
        assert reply.status == 200, reply
        found: list[dict[str, Any]] = reply.json["results"]
        return found


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub for a whole module: each test admits devices of its own."""
    folder: Path = tmp_path_factory.mktemp("edge")
    with open_hub(load_settings(home=folder / "home")) as hub:
        app = make_web(hub)
        with closing(app.state.feeds), served(app) as url, Client(base_url=url, timeout=60) as client:
            yield Site(hub, client)
