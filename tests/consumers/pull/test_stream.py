"""A feed as server-sent events."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.consumers.pull.scene import QUICK, Scene, a_scene, until


@contextmanager
def stream(scene: Scene, path: str = "/feeds/tax/events", **headers: str) -> Iterator[Iterator[tuple[str, Any]]]:
    """Open a stream; yield (id, event) of each event."""
    line = http.client.HTTPConnection(scene.url.removeprefix("http://"), timeout=30)
    headers = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request("GET", path, headers={"Authorization": f"Bearer {scene.token}", **headers})
    answer = line.getresponse()
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/event-stream")
    try:
        yield _events(answer)
    finally:
        line.close()


def _events(answer: http.client.HTTPResponse) -> Iterator[tuple[str, Any]]:
    fields: dict[str, str] = {}
    for raw in answer:
        name, colon, value = raw.decode().rstrip("\n").partition(": ")
        if not colon and "data" in fields:
            yield fields["id"], orjson.loads(fields["data"])
            fields = {}
        elif colon:
            fields[name] = value


def test_a_stream_has_the_same_events_and_goes_on_as_they_come(scene: Scene) -> None:
    scene.move(3)
    with stream(scene) as events:
        first = [next(events) for _ in range(3)]
        assert [item for _, item in first] == scene.get().json
        assert [cursor for cursor, _ in first] == [item["cursor"] for _, item in first]
        scene.move(2)
        assert [next(events)[1]["id"] for _ in range(2)] == ["move-4", "move-5"]


@pytest.mark.parametrize("way", ["header", "query"])
def test_a_stream_goes_on_behind_the_last_event_that_the_client_has(scene: Scene, way: str) -> None:
    scene.move(3)
    cursor = scene.get().json[1]["cursor"]
    path = "/feeds/tax/events" + (f"?lastEventId={cursor}" if way == "query" else "")
    with stream(scene, path, **({"Last_Event_ID": cursor} if way == "header" else {})) as events:
        assert next(events)[1]["id"] == "move-3"


def test_the_header_of_a_client_that_comes_back_counts_more_than_the_address_that_it_began_with(scene: Scene) -> None:
    scene.move(3)
    first, second, _ = (item["cursor"] for item in scene.get().json)
    with stream(scene, f"/feeds/tax/events?lastEventId={first}", Last_Event_ID=second) as events:
        assert next(events)[1]["id"] == "move-3"


def test_whoever_accepts_a_stream_gets_one_at_the_address_of_the_feed(scene: Scene) -> None:
    scene.move(1)
    with stream(scene, "/feeds/tax", Accept="text/event-stream") as events:
        assert next(events)[1]["id"] == "move-1"


def test_signs_of_life_come_while_nothing_happens(scene: Scene) -> None:
    line = http.client.HTTPConnection(scene.url.removeprefix("http://"), timeout=30)
    line.request("GET", "/feeds/tax/events", headers={"Authorization": f"Bearer {scene.token}"})
    answer = line.getresponse()
    said = [answer.readline() for _ in range(7)]
    assert said == [b": dancu\n", b"retry: 2000\n", b"\n", b":\n", b"\n", b":\n", b"\n"]
    line.close()


def test_a_bad_cursor_is_a_problem_before_the_stream_begins(scene: Scene) -> None:
    assert scene.get("/feeds/tax/events", {"Last-Event-ID": "x"}).kind == "/problems/cursor-damaged"


def test_so_many_streams_of_an_agency_may_be_open_and_one_that_ends_makes_room(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, streams=(1, 9))) as scene:
        with stream(scene):
            assert scene.get("/feeds/tax/events").kind == "/problems/too-many-requests"
        until(lambda: not scene.feeds.streams.of("tax"))
        with stream(scene):
            pass
