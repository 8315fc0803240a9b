"""The snapshot over real HTTP: for whom the token is, whole or from a token on, one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
import sqlalchemy as sa

from adapters.registry.serving import served
from consumers.snapshot.routes import make_router
from deploy.web.app import web_of
from hub.database import open_database, sqlite_url
from hub.deliveries.tables import metadata
from hub.destination import Event as Told
from hub.destination import Unreadable
from hub.eventlog import Outputs, Record
from hub.topics import RECEIVED
from tests.consumers.pull.scene import Answer, Scene, a_scene, get
from tests.consumers.snapshot.world import messages, stores_of


@pytest.fixture
def audit(tmp_path: Path) -> Iterator[sa.Engine]:
    """A database for the audit trail."""
    engine = open_database(sqlite_url(tmp_path / "audit.db"))
    metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def scene(tmp_path: Path, audit: sa.Engine) -> Iterator[Scene]:
    """A hub with some events, whose snapshots are asked for over HTTP."""
    with a_scene(tmp_path) as scene:
        scene.hub.log.append(Outputs({RECEIVED: messages(1200, 3)}))
        scene.hub.run()
        router = make_router(stores_of(scene.hub), audit, scene.feeds.admit)
        with served(web_of(scene.feeds, router)) as url:
            scene.url = url
            yield scene


def asked(scene: Scene, agency: str = "tax", **query: str) -> Answer:
    return get(f"{scene.url}/feeds/{agency}/snapshot", {"Authorization": f"Bearer {scene.token}"}, **query)


def test_an_agency_takes_its_snapshot_and_follows_from_its_cursor(scene: Scene) -> None:
    answer = asked(scene)
    assert (answer.status, answer.headers["content-type"]) == (200, "application/x-ndjson")
    lines = [orjson.loads(line) for line in answer.body.splitlines()]
    assert [lines[0]["type"], lines[-1]["type"]] == ["vn.dancu.snapshot.begun", "vn.dancu.snapshot.ended"]
    assert sum("snapshot" in line for line in lines) == lines[-1]["data"]["events"] > 300
    cursor = lines[-1]["data"]["cursor"]
    assert scene.get(lastEventId=cursor).json == []
    scene.move()
    assert scene.get(lastEventId=cursor).ids == ["move-1"]


def test_a_snapshot_goes_on_from_the_last_token(scene: Scene) -> None:
    whole = [orjson.loads(line) for line in asked(scene).body.splitlines()]
    at = next(place for place, line in enumerate(whole) if line["type"] == "vn.dancu.snapshot.reached")
    rest = [orjson.loads(line) for line in asked(scene, resume=whole[at]["data"]["resume"]).body.splitlines()]
    behind = [line["id"] for line in whole[at:] if "snapshot" in line]
    assert [line["id"] for line in rest if "snapshot" in line] == behind


def test_nobody_else_gets_it(scene: Scene) -> None:
    assert asked(scene, "land").status == 403
    assert get(f"{scene.url}/feeds/tax/snapshot", {}).status == 401


def test_a_token_that_is_not_ours_is_a_problem(scene: Scene) -> None:
    answer = asked(scene, resume="nonsense")
    assert (answer.status, answer.headers["content-type"]) == (409, "application/problem+json")
    assert "Begin a new snapshot" in answer.json["detail"]


def test_an_agency_is_given_one_at_a_time(scene: Scene, audit: sa.Engine) -> None:
    begun, goes_on, stores = threading.Event(), threading.Event(), stores_of(scene.hub)

    def slowly(agency: str, records: Sequence[Record], *, replayed: bool) -> Sequence[Told | Unreadable]:
        begun.set()
        assert goes_on.wait(60)
        return stores.open_events(agency, records, replayed=replayed)

    router = make_router(replace(stores, open_events=slowly), audit, scene.feeds.admit)
    with served(web_of(scene.feeds, router)) as scene.url, ThreadPoolExecutor(1) as thread:
        first = thread.submit(asked, scene)
        assert begun.wait(60)
        assert asked(scene).status == 429
        goes_on.set()
        assert b"vn.dancu.snapshot.ended" in first.result().body
        assert asked(scene).status == 200
