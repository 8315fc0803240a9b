"""Many who wait, and some who misbehave: none of them costs more than itself."""

from __future__ import annotations

import asyncio
import http.client
import socket
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from consumers.pull.watch import Watch
from hub.eventlog import LogAway, Record
from hub.eventlog.sqlite import SqliteLog
from tests.consumers.pull.scene import QUICK, Scene, a_scene, sender, until
from tests.hub.making import a_hub


class Counted(SqliteLog):
    """A log that counts how often it is looked at, and may be away."""

    looks = 0
    away = False

    def scan(self, topic: str, after: int, limit: int) -> Sequence[Record]:
        """Scan and count."""
        self.looks += 1
        if self.away:
            raise LogAway("away")
        return super().scan(topic, after, limit)


def test_thousands_wait_with_one_look_for_all_of_them(tmp_path: Path) -> None:
    waiters = 5000
    with a_hub(tmp_path / "hub") as hub, Counted(tmp_path / "hub" / "log.db") as log:
        watch = Watch(log, 0.01, 1000)

        async def wait() -> list[Sequence[Record]]:
            polls = [asyncio.create_task(watch.news("tax", 0, 60)) for _ in range(waiters)]
            while log.looks < 5:
                await asyncio.sleep(0.01)
            threads, looks = threading.active_count(), log.looks
            await asyncio.sleep(0.1)
            assert threading.active_count() == threads
            assert log.looks - looks < 100
            await asyncio.to_thread(sender(hub).move)
            return await asyncio.gather(*polls)

        found = asyncio.run(wait())
        watch.close()
    assert {len(records) for records in found} == {1}
    assert len({id(records) for records in found}) == 1, "all have the same page, read once"


def test_nobody_looks_when_nobody_waits(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub"), Counted(tmp_path / "hub" / "log.db") as log:
        watch = Watch(log, 0.001, 1000)

        async def wait() -> int:
            assert await watch.news("tax", 0, 0.05) == ()
            await asyncio.sleep(0.05)
            looks = log.looks
            await asyncio.sleep(0.05)
            return log.looks - looks

        assert asyncio.run(wait()) == 0
        watch.close()


def test_a_log_that_is_away_is_waited_for(tmp_path: Path) -> None:
    with a_hub(tmp_path / "hub") as hub, Counted(tmp_path / "hub" / "log.db") as log:
        watch = Watch(log, 0.001, 1000)
        log.away = True

        async def wait() -> Sequence[Record]:
            poll = asyncio.create_task(watch.news("tax", 0, 60))
            while log.looks < 3:
                await asyncio.sleep(0.01)
            await asyncio.to_thread(sender(hub).move)
            log.away = False
            return await poll

        assert len(asyncio.run(wait())) == 1
        watch.close()


def _poll(scene: Scene, cursor: str) -> socket.socket:
    """Begin a poll and leave it waiting."""
    host, port = scene.url.removeprefix("http://").split(":")
    line = socket.create_connection((host, int(port)), timeout=30)
    wish = f"GET /feeds/tax?lastEventId={cursor}&timeout=60000 HTTP/1.1\r\nHost: {host}\r\n"
    line.sendall(f"{wish}Authorization: Bearer {scene.token}\r\n\r\n".encode())
    return line


def test_hundreds_of_idle_polls_over_http_are_held_and_all_are_answered(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, wait=60)) as scene:
        scene.move(1)
        cursor = scene.cursor()
        lines = [_poll(scene, cursor) for _ in range(400)]
        until(lambda: scene.feeds.waiting.of("tax") >= len(lines))
        assert scene.get().ids == ["move-1"], "others are served meanwhile"
        scene.move(1)
        for line in lines:
            answer = http.client.HTTPResponse(line)
            answer.begin()
            assert b'"move-2"' in answer.read()
            line.close()


def test_whoever_waits_with_too_many_requests_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, wait=60, waiting=(3, 4))) as scene:
        scene.move(1)
        cursor = scene.cursor()
        lines = [_poll(scene, cursor) for _ in range(3)]
        until(lambda: scene.feeds.waiting.of("tax") >= len(lines))
        answer = scene.get(lastEventId=cursor, timeout=1000)
        assert (answer.status, answer.kind) == (429, "/problems/too-many-requests")
        assert answer.headers["retry-after"] == "1"
        assert scene.get().status == 200, "a page that is there needs no waiting"
        for line in lines:
            line.close()
        until(lambda: not scene.feeds.waiting.of("tax"))  # a client that leaves makes room
        assert scene.get(lastEventId=cursor, timeout=10).status == 200


def test_all_together_have_an_end_too(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, waiting=(3, 0))) as scene:
        answer = scene.get(timeout=1000)
        assert (answer.status, answer.kind) == (503, "/problems/busy")


def test_a_reader_that_takes_nothing_is_cut_off_and_delays_no_other(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with a_scene(tmp_path, replace(QUICK, reader=0.2, sending=(1, 1))) as scene, socket.socket() as slow:
        scene.move(1000)
        host, port = scene.url.removeprefix("http://").split(":")
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect((host, int(port)))
        wish = f"GET /feeds/tax?limit=1000 HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {scene.token}\r\n\r\n"
        for _ in range(20):  # more than the buffers between us hold
            slow.sendall(wish.encode())
        until(lambda: "without completing response" in caplog.text)  # the web server's word for an answer cut off
        assert len(scene.get(limit=1000).json) == 1000


def test_a_hub_that_stops_answers_all_who_wait(tmp_path: Path) -> None:
    with a_scene(tmp_path, replace(QUICK, wait=60)) as scene:
        scene.move(1)
        line = _poll(scene, scene.cursor())
        until(lambda: bool(scene.feeds.waiting.of("tax")))
    answer = http.client.HTTPResponse(line)
    answer.begin()
    assert answer.read() == b"[]"
    line.close()
