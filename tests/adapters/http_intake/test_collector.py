"""Group commit over a real log and real registers: full queues, a log that is away, and one bad request among good."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

from adapters.http_intake.collector import Collector, Unavailable
from adapters.http_intake.places import first_places_in
from adapters.http_intake.queue import Bounds, Busy, HandedIn
from hub.eventlog import LogUnavailable, records_of
from hub.eventlog.sqlite import SqliteLog
from hub.intake.desk import Desk, Sent
from hub.topics import RECEIVED
from tests.hub.making import ADMISSION, MOVE, NOW, Hub, a_hub, event

UNAVAILABLE = (LogUnavailable, sa.exc.OperationalError)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


@contextmanager
def collecting(hub: Hub, log: SqliteLog | None = None, bounds: Bounds | None = None) -> Iterator[Collector]:
    desk = Desk(log or hub.log, hub.engine, ADMISSION, lambda: NOW)
    collector = Collector(desk, first_places_in(hub.engine), UNAVAILABLE, bounds=bounds)
    collector.start()
    try:
        yield collector
    finally:
        collector.close()


def handed(name: str, *contents: Any, sender: str = "a") -> HandedIn:
    pieces = [Sent(f"{name}.{index}", content) for index, content in enumerate(contents)]
    return HandedIn(sender, pieces, [f"{name}{index}" for index in range(len(contents))])


def moves(name: str, count: int) -> list[bytes]:
    return [orjson.dumps(event("ResidenceChanged", f"{name}{index}", MOVE)) for index in range(count)]


def received(hub: Hub) -> list[str]:
    return [record.headers["ce_id"] for record in records_of(hub.log, RECEIVED)]


def test_requests_of_several_senders_get_each_its_own_verdict(hub: Hub) -> None:
    with collecting(hub) as collector:
        answers = [
            collector.hand_in(handed("m", *moves("m", 3))),
            collector.hand_in(handed("n", *moves("n", 1), b"{", sender="b")),
            collector.hand_in(handed("o", *moves("m", 2))),  # the ids of the first request
        ]
        told = [answer.result(10) for answer in answers]
    assert [(t.accepted, len(t.refused)) for t in told[:2]] == [(3, 0), (1, 1)]
    assert (told[1].refused[0].index, told[1].refused[0].reason) == (1, "not_json")
    assert sorted(set(received(hub))) == ["m0", "m1", "m2", "n0"]


def test_a_request_that_breaks_the_desk_breaks_no_other(hub: Hub) -> None:
    unspeakable = {"type": object()}
    with collecting(hub, bounds=Bounds(linger=0.2)) as collector:
        good = collector.hand_in(handed("m", *moves("m", 1)))
        bad = collector.hand_in(handed("x", unspeakable))
        other = collector.hand_in(handed("n", *moves("n", 1)))
        assert good.result(10).accepted == other.result(10).accepted == 1
        with pytest.raises(TypeError):
            bad.result(10)
    assert sorted(set(received(hub))) == ["m0", "n0"]


def test_while_the_log_is_away_nothing_is_promised_and_afterwards_the_same_is_taken(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub, SqliteLog(tmp_path / "other.db", lock_timeout=0.05) as log:
        with collecting(hub, log) as collector:
            with closing(sqlite3.connect(tmp_path / "other.db", isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                first = collector.hand_in(handed("m", *moves("m", 2)))
                with pytest.raises(Unavailable):
                    first.result(10)
            again = collector.hand_in(handed("again", *moves("m", 2)))
            told = again.result(10)
        assert told.accepted + told.duplicates == 2
        assert [record.headers["ce_id"] for record in records_of(log, RECEIVED)] == ["m0", "m1"]


def test_a_full_queue_turns_away_and_a_closed_one_has_taken_what_it_has(hub: Hub) -> None:
    with (
        collecting(hub, bounds=Bounds(events=4, group=1, linger=0)) as collector,
        closing(sqlite3.connect(hub.engine.url.database or "", isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")  # nothing can be taken now
        answers = _fill(collector, "a")
        with pytest.raises(Busy):
            collector.hand_in(handed("more", *moves("more", 1), sender="a"))
        answers += _fill(collector, "b")  # the other half of the queue is for others
    assert all(answer.result(0).accepted == 1 for answer in answers)
    with pytest.raises(Busy):
        collector.hand_in(handed("late", *moves("late", 1)))


def _fill(collector: Collector, sender: str) -> list[Any]:
    """Hand in until there is no more room for a sender."""
    answers = []
    for number in range(10):
        try:
            name = f"{sender}{number}-"
            answers.append(collector.hand_in(handed(name, *moves(name, 1), sender=sender)))
        except Busy:
            assert answers
            return answers
    raise AssertionError("the queue has no end")


def test_an_idle_collector_turns(hub: Hub) -> None:
    turned = threading.Event()
    desk = Desk(hub.log, hub.engine, ADMISSION, lambda: NOW)
    collector = Collector(desk, first_places_in(hub.engine), UNAVAILABLE, turned.set)
    collector.start()
    assert turned.wait(20)
    collector.close()
