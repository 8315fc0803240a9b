"""Webhooks in the real delivery loop: outages, the one event that an endpoint falls over, order, and kills."""

from __future__ import annotations

import asyncio
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.ways.webhook.system import WebhookSystem
from consumers.loop import deliver_forever, deliver_once
from consumers.outage import Patience
from hub.deliveries import Outcome, State
from hub.destination import Event, Gone, Unavailable
from hub.eventlog import Record
from tests.adapters.ways.webhook.receiver import Receiver, Reply, Request, receiver, talking
from tests.adapters.ways.webhook.sample import event, events, posting_to
from tests.consumers.agency import Scene, build, event_of, message


def opened(_agency: str, records: Sequence[Record], *, replayed: bool) -> list[Event]:
    """Return the events of the records, with data that can be written as JSON."""
    return [replace(event_of(record, replayed=replayed), data={"died_on": "2026-01-01"}) for record in records]


@contextmanager
def delivering(folder: Path, endpoint: Receiver, **settings: Any) -> Iterator[tuple[Scene, WebhookSystem]]:
    """A feed that is handed out to an endpoint."""
    scene = build(folder)
    with posting_to(endpoint, **settings) as system:
        patience = Patience(first_pause=0.001, longest_pause=0.001, idle_pause=0.001, isolate_after=2)
        scene.change(destination=system, open_events=opened, patience=patience)
        yield scene, system
    scene.close()


def run_until(scene: Scene, done: object) -> None:
    """Let the loop go on until nothing is left to do."""
    stop = threading.Event()

    def on_turn(_pause: float) -> None:
        if scene.log.extent(scene.feed.topic, "deliver") == (done, done):
            stop.set()

    scene.change(on_turn=on_turn)
    guard = threading.Timer(60, stop.set)
    guard.start()
    deliver_forever(scene.feed, stop)
    guard.cancel()
    assert scene.log.extent(scene.feed.topic, "deliver") == (done, done)


def publish(scene: Scene, count: int, persons: int) -> list[str]:
    """Publish events, several of each person."""
    names = [f"event-{number}" for number in range(count)]
    scene.publish(*(message(name, f"001090{n % persons:06d}") for n, name in enumerate(names)))
    return names


def test_an_outage_parks_nothing_and_everything_comes_when_it_is_over(tmp_path: Path) -> None:
    answers = iter([503] * 4)
    with receiver(lambda _: Reply(next(answers, 204))) as endpoint, delivering(tmp_path, endpoint) as (scene, _):
        names = publish(scene, 30, persons=30)
        run_until(scene, 30)
        assert set(endpoint.ids) == set(names)
        assert scene.browser.summary("land").held == 0


def test_one_event_that_gets_500_is_found_and_parked_while_all_others_are_delivered(tmp_path: Path) -> None:
    def answer(seen: Request) -> Reply:
        return Reply(500, b"boom for 001090000007") if seen.headers["webhook-id"] == "event-7" else Reply()

    with receiver(answer) as endpoint, delivering(tmp_path, endpoint) as (scene, _):
        names = publish(scene, 20, persons=20)
        run_until(scene, 20)
        [parked] = scene.browser.parked("land")
        assert (parked.event_id, parked.error_class, parked.state) == ("event-7", Outcome.UNAVAILABLE, State.PARKED)
        assert parked.message is not None
        assert "answered 500: boom for" in parked.message
        assert "001090000007" not in parked.message
        assert set(endpoint.ids) == set(names)


def test_a_rejected_event_is_parked_with_what_the_endpoint_said(tmp_path: Path) -> None:
    def answer(seen: Request) -> Reply:
        return Reply(422, b'{"title":"no such plot"}') if seen.headers["webhook-id"] == "event-3" else Reply()

    with receiver(answer) as endpoint, delivering(tmp_path, endpoint) as (scene, _):
        publish(scene, 12, persons=4)
        run_until(scene, 12)
        [parked] = scene.browser.parked("land")
        assert (parked.event_id, parked.error_class) == ("event-3", "http_422")
        assert parked.message == '{"title":"no such plot"}'
        held = scene.browser.parked("land", states=[State.WAITING])
        assert [entry.event_id for entry in held] == ["event-7", "event-11"]  # of the same person


@pytest.mark.parametrize("form", ["structured", "batch"])
def test_every_person_has_their_order_however_many_requests_go_at_once(tmp_path: Path, form: str) -> None:
    with receiver() as endpoint, delivering(tmp_path, endpoint, connections=20, format=form) as (scene, _):
        publish(scene, 200, persons=17)
        run_until(scene, 200)
        order: dict[str, list[int]] = defaultdict(list)
        for request in endpoint.posts:
            content = orjson.loads(request.body)
            for one in content if isinstance(content, list) else [content]:
                order[one["subject"]].append(int(one["sequence"]))
    assert sum(map(len, order.values())) == 200
    assert all(sequences == sorted(sequences) for sequences in order.values())


def test_410_reaches_the_loop_as_the_wish_to_get_no_more(tmp_path: Path) -> None:
    with receiver(lambda _: Reply(410)) as endpoint, delivering(tmp_path, endpoint) as (scene, _):
        publish(scene, 5, persons=5)
        with pytest.raises(Gone):
            deliver_once(scene.feed)
        assert scene.log.extent(scene.feed.topic, "deliver") == (0, 5)


def test_after_a_kill_the_batch_comes_again_under_the_same_ids(tmp_path: Path) -> None:
    with receiver() as endpoint:
        with delivering(tmp_path, endpoint) as (scene, _):
            names = publish(scene, 25, persons=25)
            endpoint.answer = lambda seen: Reply(503 if seen.headers["webhook-id"] == "event-9" else 204)
            with pytest.raises(Unavailable):
                deliver_once(scene.feed)
        first = set(endpoint.ids)
        endpoint.requests.clear()
        endpoint.answer = lambda _: Reply()
        with delivering(tmp_path, endpoint) as (scene, _):  # another process: it remembers nothing
            run_until(scene, 25)
        assert set(endpoint.ids) == set(names)
        assert first <= set(endpoint.ids)
        assert len(endpoint.ids) == 25


def test_a_dead_agency_does_not_delay_another_one() -> None:
    """Both share the event loop."""
    hanging = threading.Event()
    outcome: list[str] = []

    async def hang(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        hanging.set()
        await asyncio.sleep(3600)

    def wait(stuck: WebhookSystem) -> None:
        try:
            stuck.deliver([event()])
        except Unavailable as outage:
            outcome.append(str(outage))

    with receiver() as alive, posting_to(alive) as well, ExitStack() as dead:
        stuck = dead.enter_context(posting_to(dead.enter_context(talking(hang)), timeout=120))
        thread = threading.Thread(target=wait, args=(stuck,))
        thread.start()
        assert hanging.wait(60)
        well.deliver(events(50))
        assert outcome == []  # the dead one has not even been given up
        assert len(alive.posts) == 50
        dead.close()
        thread.join()
    assert outcome[0].startswith("endpoint not verified: 127.0.0.1:")
