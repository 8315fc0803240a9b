"""Runs `dancu intake` as a process, and sends to it as sources do."""

from __future__ import annotations

import http.client
import re
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson

from adapters.http_intake.modes import BATCH, STRUCTURED
from tests.commands import Dancu, wait_for, words_of

_LISTENING = re.compile(r"taking events at http://127\.0\.0\.1:(\d+)/events")


@dataclass(frozen=True, slots=True)
class Reply:
    """What the intake answered."""

    status: int
    headers: Mapping[str, str]
    json: Any


@dataclass(frozen=True, slots=True)
class Intake:
    """A running intake."""

    process: subprocess.Popen[bytes]
    port: int
    token: str | None = field(default=None, repr=False)

    def connection(self) -> http.client.HTTPConnection:
        """Return a connection, for many requests one after the other."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one request on a connection of its own."""
        with closing(self.connection()) as connection:
            return self.post_on(connection, body, headers)

    def post_on(self, connection: http.client.HTTPConnection, body: bytes, headers: Mapping[str, str]) -> Reply:
        """Send one request. Raises what http.client raises when the intake is away."""
        token = {"authorization": f"Bearer {self.token}"} if self.token else {}
        connection.request("POST", "/events", body, {**token, **headers})
        answer = connection.getresponse()
        content = orjson.loads(answer.read())
        return Reply(answer.status, {name.lower(): value for name, value in answer.getheaders()}, content)

    def structured(self, event: dict[str, Any]) -> Reply:
        """Send one event."""
        return self.post(orjson.dumps(event), {"content-type": STRUCTURED})

    def batch(self, *events: dict[str, Any]) -> Reply:
        """Send events together."""
        return self.post(orjson.dumps(events), {"content-type": BATCH})


@contextmanager
def started(dancu: Dancu, *words: str, token: str | None = None) -> Iterator[Intake]:
    """Start an intake at a free port; it is killed at the end if it still runs."""
    file = words_of(dancu.home)
    before = len(file.read_text()) if file.is_file() else 0
    with dancu.started("intake", "--port", "0", *words) as process:
        wait_for(process, lambda: _LISTENING.search(file.read_text(), before) is not None)
        found = _LISTENING.search(file.read_text(), before)
        assert found
        yield Intake(process, int(found[1]), token)
