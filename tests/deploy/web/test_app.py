"""The web application as a whole: what it is made of, and how it answers when something is broken."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from adapters.registry.serving import served
from deploy.bootstrap import Hub, open_hub
from deploy.home import HomeDamaged
from deploy.settings import load_settings
from deploy.web.app import make_web
from hub.access import AGENCY, Holder, Tokens
from hub.eventlog import LogAway, LogUnavailable
from tests.consumers.pull.scene import Answer, get

Ask = Callable[[str], Answer]


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    """A new hub."""
    with open_hub(load_settings(home=tmp_path / "home")) as hub:
        yield hub


def ask(hub: Hub, path: str, broken: Exception | None = None) -> Answer:
    """Ask the application of a hub, as tax; the opening of events may be broken."""
    token = Tokens(hub.deliveries_db).new(Holder(AGENCY, "tax", None), "test", 0)
    app = make_web(hub)

    def fail(*_: object, **__: object) -> None:
        if broken is not None:
            raise broken

    app.state.feeds.reading.records = fail if broken else app.state.feeds.reading.records
    with closing(app.state.feeds), served(app) as url:
        return get(url + path, {"Authorization": f"Bearer {token}"})


def test_it_has_the_feeds_and_the_api_of_the_operators_and_takes_nothing_from_elsewhere(hub: Hub) -> None:
    described = ask(hub, "/openapi.json")
    assert {"/feeds/{agency}", "/dancu_feed.py"} <= described.json["paths"].keys()
    assert any(path.startswith("/api/") for path in described.json["paths"])
    assert b"cdn" not in described.body


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        (LogAway("Kafka is away; the key was 001090000001"), 503),
        (LogUnavailable("log.db: damaged 001090000001"), 503),
        (HomeDamaged("registers.db: damaged 001090000001"), 500),
        (sa.exc.TimeoutError("no connection is free for 001090000001"), 503),
        (sa.exc.IntegrityError("SELECT 001090000001", None, sqlite3.IntegrityError("001090000001")), 500),
    ],
)
def test_a_broken_world_is_a_problem_that_tells_nothing_of_its_inside(hub: Hub, broken: Exception, status: int) -> None:
    answer = ask(hub, "/feeds/tax", broken)
    assert answer.status == status
    assert answer.kind == "about:blank"
    assert b"001090000001" not in answer.body
    assert ("retry-after" in answer.headers) == (status == 503)
