"""The desk takes pieces with the producer's mark, counts them once, and keeps what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub import headers as h
from hub.eventlog import LogUnavailable, Outputs
from hub.eventlog.sqlite import SqliteLog
from hub.intake.desk import Desk, Sent, Taken, Unread
from hub.observe import EventsTaken, Happening
from hub.registers.intake import Rejected
from hub.topics import RECEIVED, REFUSED
from tests.hub.making import ADMISSION, MOVE, NOW, Event, Hub, a_hub, event

MOVES = [event("ResidenceChanged", f"m{i}", MOVE) for i in range(4)]
BROKEN = b'{"id": "x", "Nguy\xe1\xbb\x85n'


def pieces(*sent: Event | bytes | Unread, first: int = 1) -> list[Sent]:
    contents = [orjson.dumps(one) if isinstance(one, dict) else one for one in sent]
    return [Sent(str(place), content) for place, content in enumerate(contents, start=first)]


def marked(taken: Taken) -> str:
    return f"{taken.accepted}/{taken.refused}/{taken.duplicates}"


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    with a_hub(tmp_path) as hub:
        yield hub


def desk_of(hub: Hub, log: Any = None) -> Desk:
    return Desk(log or hub.log, hub.engine, ADMISSION, lambda: NOW)


def test_events_are_taken_with_the_mark(hub: Hub) -> None:
    taken = desk_of(hub).take("file", pieces(*MOVES[:2], BROKEN), marked)
    assert taken == Taken(2, 1, 0)
    assert hub.log.mark("file") == "2/1/0"
    assert [r.headers[h.ID] for r in hub.topic(RECEIVED)] == ["m0", "m1"]


def test_the_refused_are_kept_whole_and_told(hub: Hub) -> None:
    desk, told = desk_of(hub), list[Rejected]()
    desk.on_refused = told.append
    unknown = event("DeathRegistered", "d1") | {"type": "Unknown"}
    desk.take("file", pieces(BROKEN, unknown, Unread(b"1;2;3", "row", "column 2: is empty")))
    desk.take("file", [Sent("9", unknown)])
    kept = hub.topic(REFUSED)
    assert [r.value for r in kept[:3]] == [BROKEN, orjson.dumps(unknown), b"1;2;3"]
    assert orjson.loads(kept[3].value) == unknown
    assert [r.headers[h.REASON] for r in kept] == ["not_json", "unknown_type", "row", "unknown_type"]
    assert [r.headers[h.PLACE] for r in kept] == ["file:1", "file:2", "file:3", "file:9"]
    assert [r.headers.get(h.ID) for r in kept] == [None, "d1", None, "d1"]
    assert [r.place for r in told] == ["file:1", "file:2", "file:3", "file:9"]


def test_whoever_watches_is_told_what_was_taken_and_what_refused_and_why(hub: Hub) -> None:
    desk, told = desk_of(hub), list[Happening]()
    desk.observe = told.append
    unknown = event("DeathRegistered", "d1") | {"type": "Unknown"}
    desk.take("file", pieces(MOVES[0], MOVES[0], BROKEN, unknown, BROKEN))
    assert told == [EventsTaken(1, 1, {"not_json": 2, "unknown_type": 1})]


def test_known_ids_are_counted_as_duplicates_and_passed_on(hub: Hub) -> None:
    desk = desk_of(hub)
    assert desk.take("a", pieces(MOVES[0], MOVES[0], MOVES[1])) == Taken(2, 0, 1)
    assert desk.take("b", pieces(MOVES[0], MOVES[0], MOVES[2])) == Taken(1, 0, 2)
    assert len(hub.topic(RECEIVED)) == 6
    hub.run()
    assert hub.tallies()["duplicate", "event_id"] == 3


class FailingOnce:
    """A log that fails the first time it is to append something."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self._failed = False

    def append(self, outputs: Outputs) -> None:
        if not self._failed:
            self._failed = True
            raise LogUnavailable("the disk is full")
        self._log.append(outputs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)


@pytest.mark.parametrize("bulk", [False, True])
def test_taking_again_after_a_crash_counts_nothing_twice(hub: Hub, bulk: bool) -> None:
    desk = desk_of(hub, FailingOnce(hub.log))
    moves = [move | ({"bulkid": "run-1"} if bulk else {}) for move in MOVES]
    sent = pieces(*moves[:2], BROKEN, *moves[1:3])
    with pytest.raises(LogUnavailable):
        desk.take("file", sent, marked)
    assert not hub.topic(RECEIVED)
    assert desk.take("file", sent, marked) == Taken(3, 1, 1)
    assert desk.take("file", pieces(*moves[3:], first=6), marked) == Taken(1, 0, 0)
    assert len(hub.topic(REFUSED)) == 1


def test_an_interrupted_producer_goes_on_from_its_mark_in_a_new_process(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        desk_of(hub).take("file", pieces(*MOVES[:2]), marked)
    with a_hub(tmp_path) as hub:
        assert hub.log.mark("file") == "2/0/0"
        assert desk_of(hub).take("file", pieces(*MOVES[2:], first=3), marked) == Taken(2, 0, 0)
        assert isinstance(hub.log, SqliteLog)
        assert len(hub.topic(RECEIVED)) == 4
