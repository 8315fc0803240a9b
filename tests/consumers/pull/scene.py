"""A small hub whose feeds are asked for over real HTTP."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import orjson
import sqlalchemy as sa

from adapters.registry.serving import served
from consumers.pull.feeds import Feeds
from consumers.pull.parts import Contacts, Limits, NoContacts, Parts
from deploy.web.app import web_of
from hub.access import AGENCY, Holder, Tokens
from hub.access.bearer import ByToken
from hub.database import open_database, sqlite_url
from hub.deliveries import DeliveryBrowser
from hub.deliveries.tables import metadata
from hub.entitlement import Entitlement
from hub.opening import Opening
from hub.registers.today import Today
from schemas.reference.numbers import make_number
from tests.hub.making import MOVE, NOW, Hub, a_hub, event

#: Waits are short, so that tests are.
QUICK = Limits(look=0.01, heartbeat=0.2, wait=2.0)
#: Seconds after which what has not come does not come any more.
_LONG_ENOUGH = 120


class Answer(NamedTuple):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return orjson.loads(self.body)

    @property
    def ids(self) -> list[str]:
        """The ids of the events."""
        return [item["id"] for item in self.json]

    @property
    def kind(self) -> str:
        """The type of the problem."""
        assert self.headers["content-type"] == "application/problem+json"
        return str(self.json["type"])


@dataclass
class Sender:
    """A hub into which events are sent."""

    hub: Hub
    sent: int = field(default=0, kw_only=True)

    def move(self, count: int = 1) -> None:
        """Let so many persons move; their events are `move-1`, `move-2` and so on."""
        first = self.sent + 1
        self.sent += count
        numbers = range(first, first + count)
        self.hub.run(*(event("ResidenceChanged", f"move-{n}", MOVE, subject=person(n)) for n in numbers))


@dataclass
class Scene(Sender):
    """A hub that answers."""

    tokens: Tokens
    feeds: Feeds
    clock: Clock
    url: str = ""
    token: str = ""

    def get(self, path: str = "/feeds/tax", headers: Mapping[str, str] | None = None, **query: Any) -> Answer:
        """Ask as tax."""
        return get(self.url + path, {"Authorization": f"Bearer {self.token}", **(headers or {})}, **query)

    def cursor(self) -> str:
        """Return the cursor at the end of the feed of tax."""
        return str(self.get("/feeds/tax/position").json["cursor"])


class Clock:
    """The time of the tokens, which can be moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def person(number: int) -> str:
    """Return a personal number."""
    return make_number("001", "FEMALE", 1990, number)


def sender(hub: Hub, sent: int = 0) -> Sender:
    """Return what sends events into a hub, after so many that were sent before."""
    return Sender(hub, sent=sent)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that the hub does; fail when it does not come."""
    end = time.monotonic() + _LONG_ENOUGH
    while not condition():
        assert time.monotonic() < end, f"it did not come within {_LONG_ENOUGH} s"
        time.sleep(0.005)


def get(url: str, headers: Mapping[str, str], **query: Any) -> Answer:
    """Ask once, on a line of its own."""
    parts = urlsplit(url)
    line = http.client.HTTPConnection(parts.netloc, timeout=30)
    try:
        line.request("GET", parts.path + (f"?{urlencode(query)}" if query else ""), headers=dict(headers))
        answer = line.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    finally:
        line.close()


@contextmanager
def serving(
    hub: Hub, deliveries: sa.Engine, limits: Limits = QUICK, contacts: Contacts | None = None
) -> Iterator[Scene]:
    """Serve the feeds of a hub; tax has a token."""
    metadata.create_all(deliveries)
    tokens, today, clock = Tokens(deliveries), Today(hub.engine), Clock()
    parts = Parts(
        log=hub.log,
        agreements=hub.rules.agreements,
        catalogue=hub.rules.catalogue,
        open_events=Opening(hub.rules.catalogue, today),
        authenticate=ByToken(tokens, clock, fresh=0.0),
        deliveries=DeliveryBrowser(deliveries),
        may_have=Entitlement(hub.rules.catalogue, hub.rules.agreements, today, lambda: NOW),
        contacts=contacts or NoContacts(),
        limits=limits,
    )
    feeds = Feeds(parts)
    token = tokens.new(Holder(AGENCY, "tax", None), "test", NOW)
    try:
        with served(web_of(feeds)) as url:
            try:
                yield Scene(hub, tokens, feeds, clock, url, token)
            finally:
                feeds.stop_waiting()
    finally:
        feeds.close()


@contextmanager
def a_scene(folder: Path, limits: Limits = QUICK, contacts: Contacts | None = None) -> Iterator[Scene]:
    """Serve a new hub in a folder."""
    deliveries = open_database(sqlite_url(folder / "deliveries.db"))
    try:
        with a_hub(folder / "hub") as hub, serving(hub, deliveries, limits, contacts) as scene:
            yield scene
    finally:
        deliveries.dispose()
